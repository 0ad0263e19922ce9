/** How values come to a user's code and back, in Python: by the types of the function's signature. */
export const pythonValues = String.raw`
import base64, collections, datetime, decimal

ranges = {"tinyint": 7, "smallint": 15, "int": 31, "bigint": 63}
texts = ("string", "char", "varchar", "json")


class WrongResult(Exception):
    pass


def same(value):
    return value


def nullable(convert):
    return lambda value: None if value is None else convert(value)


def reader(of):
    kind = of["kind"]
    if kind in ranges or kind in texts or kind == "boolean":
        return same
    return nullable(readers[kind](of))


def read_map(of):
    key, value = reader(of["key"]), reader(of["value"])
    return lambda pairs: {key(one["key"]): value(one["value"]) for one in pairs}


def read_struct(of):
    names = [field["name"] for field in of["fields"]]
    made = collections.namedtuple("struct", names, rename=True)
    each = [("f%d" % at, reader(field["type"])) for at, field in enumerate(of["fields"])]
    return lambda value: made(*[read(value[name]) for name, read in each])


def read_array(of):
    each = reader(of["element"])
    return lambda values: [each(value) for value in values]


def moment(of):
    return datetime.datetime.fromisoformat


readers = {
    "float": lambda of: float,
    "double": lambda of: float,
    "decimal": lambda of: decimal.Decimal,
    "date": lambda of: datetime.date.fromisoformat,
    "datetime": moment,
    "timestamp": moment,
    "timestamp_ntz": moment,
    "binary": lambda of: base64.b64decode,
    "array": read_array,
    "map": read_map,
    "struct": read_struct,
}


def writer(of):
    return nullable(writers[of["kind"]](of))


def expect(*kinds):
    def check(value):
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise WrongResult()
        return value

    return check


def write_integer(of):
    most = 1 << ranges[of["kind"]]
    check = expect(int)

    def write(value):
        if not -most <= check(value) < most:
            raise WrongResult()
        return int(value)

    return write


def write_text(of):
    check = expect(str, bytes)

    def write(value):
        value = check(value)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

    return write


def write_double(of):
    check = expect(float, int)
    return lambda value: repr(float(check(value)))


def write_decimal(of):
    check = expect(decimal.Decimal, int)
    return lambda value: str(decimal.Decimal(check(value)))


def write_date(of):
    check = expect(datetime.date)
    return lambda value: datetime.date(check(value).year, value.month, value.day).isoformat()


def write_moment(of):
    check = expect(datetime.datetime)
    return lambda value: check(value).replace(tzinfo=None).isoformat(" ", "microseconds")


def write_binary(of):
    check = expect(bytes, bytearray)
    return lambda value: base64.b64encode(check(value)).decode("ascii")


def write_array(of):
    check, each = expect(list, tuple), writer(of["element"])
    return lambda values: [each(value) for value in check(values)]


def write_map(of):
    check, key, value = expect(dict), writer(of["key"]), writer(of["value"])
    return lambda pairs: [
        {"key": key(one), "value": value(other)} for one, other in check(pairs).items()
    ]


def write_struct(of):
    check = expect(list, tuple)
    each = [("f%d" % at, writer(field["type"])) for at, field in enumerate(of["fields"])]

    def write(values):
        if len(check(values)) != len(each):
            raise WrongResult()
        return {name: convert(value) for (name, convert), value in zip(each, values)}

    return write


def write_boolean(of):
    check = expect(bool)
    return lambda value: bool(check(value))


writers = {
    **{kind: write_integer for kind in ranges},
    **{kind: write_text for kind in texts},
    "boolean": write_boolean,
    "float": write_double,
    "double": write_double,
    "decimal": write_decimal,
    "date": write_date,
    "datetime": write_moment,
    "timestamp": write_moment,
    "timestamp_ntz": write_moment,
    "binary": write_binary,
    "array": write_array,
    "map": write_map,
    "struct": write_struct,
}
`;
