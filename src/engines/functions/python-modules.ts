/**
 * The modules that a user's code imports from `odps`, in Python: our own, with MaxCompute's names. Runs in the cell of
 * one function.
 */
export const pythonModules = String.raw`
import os, sys, types

forwarded = []


def annotate(signature):
    def mark(cls):
        cls.__odps_signature__ = signature
        return cls

    return mark


class BaseUDTF(object):
    def forward(self, *values):
        forwarded.append(values)

    def process(self, *values):
        raise NotImplementedError("process")

    def close(self):
        pass


class BaseUDAF(object):
    def new_buffer(self):
        raise NotImplementedError("new_buffer")

    def iterate(self, buffer, *values):
        raise NotImplementedError("iterate")

    def merge(self, buffer, other):
        raise NotImplementedError("merge")

    def terminate(self, buffer):
        raise NotImplementedError("terminate")


def cached(folder, name):
    path = os.path.join(folder, os.path.basename(name))
    if not os.path.isfile(path):
        raise IOError("the function has no resource " + name)
    return path


def rows_of(path, each):
    with open(path, "r", encoding="utf-8", newline="\n") as file:
        for line in file:
            line = line.rstrip("\n")
            if line.startswith('"'):
                line = line[1:-1].replace('""', '"')
            yield tuple([convert(value) for convert, value in zip(each, json.loads(line))])


def make_modules(folder, tables):
    def get_cache_file(name, mode=None):
        if mode is not None and "b" in mode:
            return open(cached(folder, name), "rb")
        return open(cached(folder, name), "r", encoding="utf-8")

    def get_cache_archive(name, relative_path="."):
        import tarfile, zipfile

        path = cached(folder, name)
        target = path + ".unpacked"
        if not os.path.isdir(target):
            opener = zipfile.ZipFile if zipfile.is_zipfile(path) else tarfile.open
            with opener(path) as archive:
                archive.extractall(target)
        for at, _, names in sorted(os.walk(os.path.join(target, relative_path))):
            for one in sorted(names):
                yield open(os.path.join(at, one), "rb")

    def get_cache_table(name):
        columns = tables.get(os.path.basename(name))
        if columns is None:
            raise IOError("the function has no table " + name)
        return rows_of(cached(folder, name), [reader(of) for of in columns])

    odps = types.ModuleType("odps")
    odps.__path__ = []
    odps.udf = types.ModuleType("odps.udf")
    odps.distcache = types.ModuleType("odps.distcache")
    for module, things in (
        (odps.udf, (annotate, BaseUDTF, BaseUDAF)),
        (odps.distcache, (get_cache_file, get_cache_archive, get_cache_table)),
    ):
        for thing in things:
            setattr(module, thing.__name__, thing)
    for module in (odps, odps.udf, odps.distcache):
        sys.modules[module.__name__] = module
`;
