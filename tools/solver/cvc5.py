#!/usr/bin/env python3
"""cvc5 as a program: SMT-LIB in on stdin, answers out on stdout.

The solver's wheel on PyPI holds the library and its parser, but no executable. Whoever asks a solver expects one, so
this is the missing half. Ada's check starts it with `--lang smt --tlimit-per=60000` and writes commands;

1. commands are cut out of the stream, however they are broken into lines (`commands`);
2. each is given to cvc5's own parser and invoked; what it answers goes out at once;
3. `(reset)` starts with a fresh solver, so that a question never sees what was asked before;
4. an error is answered as `(error "…")`, and one that leaves the parser in an unknown state ends the program.
"""

import sys

import cvc5


def options(arguments):
    """`--name=value` and `--name value` as pairs; `--lang` is not passed on, since SMT-LIB is all that is spoken."""
    pairs, rest = [], list(arguments)
    while rest:
        name, given, value = rest.pop(0).removeprefix("--").partition("=")
        if not given:
            value = rest.pop(0) if rest and not rest[0].startswith("--") else "true"
        if name != "lang":
            pairs.append((name, value))
    return pairs


def commands(stream):
    """Whole commands of a stream: from a parenthesis to its counterpart; strings, symbols and comments may hold any."""
    text, depth, inside = [], 0, None
    for line in stream:
        for character in line:
            if inside is None and character == ";":
                break
            text.append(character)
            if inside:
                inside = None if character == inside else inside
            elif character in '"|':
                inside = character
            elif character == "(":
                depth += 1
            elif character == ")":
                depth -= 1
                if depth == 0:
                    yield "".join(text)
                    text = []
        else:
            continue
        text.append("\n")


class Session:
    """One solver and its parser."""

    def __init__(self, settings):
        self.solver = cvc5.Solver()
        for name, value in settings:
            self.solver.setOption(name, value)
        self.symbols = cvc5.SymbolManager(self.solver)
        self.parser = cvc5.InputParser(self.solver, self.symbols)

    def answer(self, text):
        """What the solver says to one command; usually nothing."""
        self.parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "stdin")
        said = []
        while (command := self.parser.nextCommand()) and not command.isNull():
            said.append(command.invoke(self.solver, self.symbols))
        return "".join(said)


def main():
    settings = options(sys.argv[1:])
    if settings == [("version", "true")]:
        print(f"cvc5 {cvc5.__version__}")
        return 0
    session = Session(settings)
    for text in commands(sys.stdin):
        command = text.strip().strip("()").strip()
        if command == "exit":
            return 0
        if command == "reset":
            session = Session(settings)
            continue
        try:
            answer = session.answer(text)
        except Exception as error:  # the binding's own classes differ between its releases
            reason = " ".join(str(error).split()).replace('"', "'")
            print(f'(error "Parse Error: {reason}")', flush=True)
            return 1
        sys.stdout.write(answer)
        sys.stdout.flush()
    return 0


sys.exit(main())
