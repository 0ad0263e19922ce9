/**
 * Part of a program in a cell of Spark: it takes questions over HTTP, and answers by the functions in `questions`. `left`
 * names the files that an answer has left, where they are given away. INVARIANT: what goes back of an error is the name
 * of its kind alone.
 */
export const sparkAnswers = `
kinds = {
    "CAST_INVALID_INPUT": "Conversion",
    "CANNOT_PARSE_TIMESTAMP": "Conversion",
    "CAST_OVERFLOW": "Conversion",
    "ARITHMETIC_OVERFLOW": "Out of Range",
    "NUMERIC_VALUE_OUT_OF_RANGE": "Out of Range",
    "DATETIME_OVERFLOW": "Out of Range",
    "USER_RAISED_EXCEPTION": "Invalid Input",
}


def kind_of(error):
    for _ in range(20):
        if error is None:
            break
        name = getattr(error, "getCondition", lambda: None)() or ""
        if name.split(".")[0] in kinds:
            return kinds[name.split(".")[0]]
        if "OutOfMemoryError" in type(error).__name__ + str(error)[:4000]:
            return "Out of Memory"
        error = getattr(error, "_cause", None) or error.__cause__
    return "Execution"


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, length):
        self.send_response(status)
        self.send_header("content-length", str(length))
        self.end_headers()

    def do_GET(self):
        self.answer(404, 0)

    def do_POST(self):
        size = int(self.headers.get("content-length", "0"))
        asked = json.loads(self.rfile.read(size))
        if self.path == "/give":
            with open(left(asked)[asked["at"]], "rb") as file:
                self.answer(200, os.fstat(file.fileno()).st_size)
                shutil.copyfileobj(file, self.wfile, 1 << 20)
            return
        status = 200
        try:
            body = questions[self.path](asked)
        except BaseException as error:
            status, body = 400, {"error": kind_of(error) + " Error: "}
        text = json.dumps(body).encode()
        self.answer(status, len(text))
        self.wfile.write(text)


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass


Server(("127.0.0.1", told["port"]), Answers).serve_forever()
`;
