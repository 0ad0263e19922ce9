/**
 * A command that is given rows as lines, and whose lines are rows, in Python. It is started as its words are, by no
 * shell. A thread reads what it says, so that it never waits for us while we wait for it.
 */
export const pythonCommand = String.raw`
import re, shlex, subprocess, threading

rows_kept_max = 256 * 1024 * 1024


class CommandEnded(Exception):
    pass


def line_writer(form):
    between, null, escape = form["between"], form["null"], form["escape"]

    def text(value):
        if value is None:
            return null
        if escape:
            for one in (escape, between, "\n"):
                value = value.replace(one, escape + one)
        return value

    return lambda values: (between.join(map(text, values)) + "\n").encode("utf-8", "replace")


def split_escaped(line, between, escape):
    parts, at, start = [], 0, 0
    while at < len(line):
        if line[at] == escape:
            at += 2
        elif line.startswith(between, at):
            parts.append(line[start:at])
            at += len(between)
            start = at
        else:
            at += 1
    return parts + [line[start:]]


def line_reader(form, count):
    between, null, escape = form["between"], form["null"], form["escape"]
    escaped = escape and re.compile(re.escape(escape) + "(.)", re.DOTALL)

    def text(value):
        if value == null:
            return None
        return escaped.sub(r"\1", value) if escaped else value

    def read(line):
        values = split_escaped(line, between, escape) if escape else line.split(between)
        return [text(value) for value in values[:count]] + [None] * (count - len(values))

    return read


class Command(object):
    def __init__(self, words):
        self.lines, self.size, self.lock = [], 0, threading.Lock()
        self.process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.reading = threading.Thread(target=self.read, daemon=True)
        self.reading.start()

    def read(self):
        for line in self.process.stdout:
            with self.lock:
                self.size += len(line)
                if self.size > rows_kept_max:
                    self.process.kill()
                    return
                self.lines.append(line)

    def take(self):
        with self.lock:
            lines, self.lines, self.size = self.lines, [], 0
        return lines

    def give(self, line):
        try:
            self.process.stdin.write(line)
        except BrokenPipeError:
            # It reads no more, as head does; how it ends counts.
            pass

    def end(self):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.reading.join()
        status = self.process.wait()
        if status != 0:
            raise CommandEnded("exit %d" % (status if status > 0 else 128 - status))


def start_command(told, folder, count):
    for name in os.listdir(folder):
        os.chmod(os.path.join(folder, name), 0o755)
    words = shlex.split(told["line"])
    try:
        command = Command(words)
    except (OSError, IndexError):
        raise CommandEnded("command")
    write, read = line_writer(told["input"]), line_reader(told["output"], count)

    def run(values):
        if values is None:
            command.end()
        else:
            command.give(write(values))
        rows = [read(line.decode("utf-8", "replace").rstrip("\n")) for line in command.take()]
        return [{"f%d" % at: value for at, value in enumerate(row)} for row in rows]

    return run
`;
