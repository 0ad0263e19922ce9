/** Functions in Python that tell what is in a file or a table among their resources, and ways to ask for them. */
export const prelude = `
reading = """
from odps.udf import annotate
from odps.distcache import get_cache_file
@annotate("->string")
class Reading(object):
    def __init__(self):
        self.words = get_cache_file("words.txt").read()
    def evaluate(self):
        return self.words
"""
table_reading = """
from odps.udf import annotate
from odps.distcache import get_cache_table
@annotate("->string")
class Reading(object):
    def evaluate(self):
        return repr(sorted(get_cache_table("secrets")))
"""
def ask(work, o=None):
    try:
        return work() if callable(work) else rows(work, o, tunnel=False)
    except Exception as error:
        return type(error).__name__ + ": " + str(error).split("\\n", 1)[-1]
def download(sql, o=None):
    return [list(one.values) for one in (o or globals()["o"]).execute_sql(sql).open_reader(tunnel=True, limit=False)]
def make(name, resources, o=None):
    return ask(lambda: (o or globals()["o"]).execute_sql("create function %s as 'reading.Reading' using '%s'" % (name, resources)) and None)
`;
