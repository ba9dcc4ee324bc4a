//! Numbers and fields as CSV text, without a detour through strings.

/// Appends a whole number.
pub fn number(out: &mut Vec<u8>, value: u64) {
    let mut digits = [0; 20];
    let start = digits_of(value, &mut digits);
    out.extend_from_slice(&digits[start..]);
}

/// The decimal digits of a number, at the end of the array.
fn digits_of(mut value: u64, digits: &mut [u8; 20]) -> usize {
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            return start;
        }
    }
}

/// Appends an amount that is given in smallest units, `scale` digits of which stand behind the point.
#[inline]
pub fn amount(out: &mut Vec<u8>, units: i64, scale: u32) {
    let mut text = [b'0'; 32];
    let (mut start, mut left, mut written) = (text.len(), units.unsigned_abs(), 0);
    while left > 0 || written <= scale {
        if written == scale && scale > 0 {
            start -= 1;
            text[start] = b'.';
        }
        start -= 1;
        text[start] = b'0' + (left % 10) as u8;
        left /= 10;
        written += 1;
    }
    if units < 0 {
        start -= 1;
        text[start] = b'-';
    }
    out.extend_from_slice(&text[start..]);
}

/// An amount of any size, for sums.
pub fn sum(units: i128, scale: u32) -> String {
    let (sign, digits) =
        (if units < 0 { "-" } else { "" }, format!("{:0>1$}", units.unsigned_abs(), scale as usize + 1));
    let (whole, rest) = digits.split_at(digits.len() - scale as usize);
    let point = if scale > 0 { "." } else { "" };
    format!("{sign}{whole}{point}{rest}")
}

/// Appends a field, in quotes where it must be.
pub fn field(out: &mut Vec<u8>, text: &[u8]) {
    if !text.iter().any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n')) {
        out.extend_from_slice(text);
        return;
    }
    out.push(b'"');
    for byte in text {
        out.extend_from_slice(if *byte == b'"' { b"\"\"" } else { std::slice::from_ref(byte) });
    }
    out.push(b'"');
}

/// Appends a row of `refused.csv`.
pub fn refused(out: &mut Vec<u8>, row: u32, ids: [&[u8]; 2], code: &str, message: &str) {
    number(out, u64::from(row));
    for text in [ids[0], ids[1], code.as_bytes(), message.as_bytes()] {
        out.push(b',');
        field(out, text);
    }
    out.push(b'\n');
}
