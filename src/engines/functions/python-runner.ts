import { pythonCommand } from "./python-command.ts";
import { pythonModules } from "./python-modules.ts";
import { pythonValues } from "./python-values.ts";

/**
 * The program in the cell of one function: takes one connection, greets, and is told what the function is made of, and then batch
 * after batch. A frame is its length in four bytes and itself; of what goes back the first byte is 0, or 1 before an
 * error. INVARIANT: an error tells where in which file something was raised, and never its words: these may hold values.
 */
const runner = String.raw`
import importlib, json, os, socket, struct, sys

port, frame_max = int(sys.argv[1]), int(sys.argv[2])
errors_max = 3


def exactly(link, count):
    parts = []
    while count > 0:
        part = link.recv(min(count, 1 << 20))
        if not part:
            os._exit(0)
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def take(link):
    (count,) = struct.unpack(">I", exactly(link, 4))
    if count > frame_max:
        os._exit(1)
    return exactly(link, count)


def give(link, kind, payload):
    link.sendall(struct.pack(">I", len(payload) + 1) + bytes([kind]) + payload)


def place(link, folder, resources):
    for one in resources:
        left = one["size"]
        with open(os.path.join(folder, one["name"]), "wb") as file:
            while left > 0:
                part = exactly(link, min(left, 1 << 20))
                file.write(part)
                left -= len(part)


def frames_of(error, folder):
    found, at = [], error.__traceback__
    while at is not None:
        name = at.tb_frame.f_code.co_filename
        if os.path.dirname(name) == folder:
            found.append([os.path.basename(name), at.tb_lineno])
        at = at.tb_next
    return found[-errors_max:]


def told(error, folder):
    if isinstance(error, WrongResult):
        return {"error": "result", "frames": []}
    if isinstance(error, (Refused, CommandEnded)):
        return {"error": error.args[0], "frames": []}
    return {"error": "raised", "type": type(error).__name__, "frames": frames_of(error, folder)}


class Refused(Exception):
    pass


def load(setup, folder):
    module, _, name = setup["className"].rpartition(".")
    found = getattr(importlib.import_module(module), name, None)
    if not isinstance(found, type):
        raise Refused("class")
    if getattr(found, "__odps_signature__", None) != setup["signature"]:
        raise Refused("signature")
    close = getattr(getattr(found, "close", None), "__code__", None)
    if setup["kind"] == "table" and not setup["closes"] and close is not None and "forward" in close.co_names:
        raise Refused("close")
    return found()


def scalar(function, read, write):
    evaluate = function.evaluate
    return lambda values: [write(evaluate(*read(values)))]


def table(function, read, write):
    process = function.process

    def run(values):
        del forwarded[:]
        if values is None:
            function.close()
        else:
            process(*read(values))
        return [write(row) for row in forwarded]

    return run


def aggregate(function, read, write):
    def run(rows):
        buffer = function.new_buffer()
        for values in rows:
            function.iterate(buffer, *read(values))
        merged = function.new_buffer()
        function.merge(merged, buffer)
        return [write(function.terminate(merged))]

    return run


def arguments(types):
    each = [reader(of) for of in types]
    if all(one is same for one in each):
        return same
    return lambda values: [convert(value) for convert, value in zip(each, values)]


def results(kind, types):
    each = [writer(of) for of in types]
    if kind != "table":
        return each[0]

    def write(row):
        if len(row) != len(each):
            raise WrongResult()
        return {"f%d" % at: convert(value) for at, (convert, value) in enumerate(zip(each, row))}

    return write


def prepared(setup, folder):
    if setup["language"] == "command":
        return start_command(setup["command"], folder, len(setup["results"]))
    function = load(setup, folder)
    kind = setup["kind"]
    return {"scalar": scalar, "table": table, "aggregate": aggregate}[kind](
        function, arguments(setup["parameters"]), results(kind, setup["results"])
    )


def serve(link):
    folder = os.path.join(os.getcwd(), "function")
    os.makedirs(folder)
    setup = json.loads(take(link))
    make_modules(folder, {one["name"]: one["columns"] for one in setup["tables"]})
    sys.path.insert(0, folder)
    place(link, folder, setup["resources"])
    os.chdir(folder)
    try:
        run = prepared(setup, folder)
    except BaseException as error:
        return give(link, 1, json.dumps(told(error, folder)).encode())
    give(link, 0, b"")
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    while True:
        rows = json.loads(b"[" + take(link).rstrip(b"\n").replace(b"\n", b",") + b"]")
        try:
            answer = "".join([encode(run(row)) + "\n" for row in rows]).encode("utf-8", "replace")
            if len(answer) >= frame_max:
                raise Refused("size")
        except BaseException as error:
            return give(link, 1, json.dumps(told(error, folder)).encode())
        give(link, 0, answer)


sys.dont_write_bytecode = True
door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
door.bind(("127.0.0.1", port))
door.listen(1)
link, _ = door.accept()
door.close()
link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
link.sendall(b"+")
serve(link)
`;

/** All of the program, as one text for the interpreter. */
export const pythonProgram = `${pythonModules}${pythonValues}${pythonCommand}${runner}`;
