-- Keys of persons' pseudonyms. Dropping a row erases the person.
create table people (
    type      text not null collate binary,
    id        text not null collate binary,
    key       blob not null,
    pseudonym blob not null unique,
    primary key (type, id)
) strict, without rowid;
