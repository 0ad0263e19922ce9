/** Part of a script of PyODPS: puts Python code into the project and runs it on Spark; tells how it ended. */
export const sparkJobs = `
from odps.models.tasks import CupidTask
def put(name, code, o=None, kind="py"):
    (o or globals()["o"]).create_resource(name, kind, file_obj=code)
def submit(name, *words, o=None, main_class=None, **hints):
    plan = {"resource": name, "arguments": list(words)}
    if main_class:
        plan["class"] = main_class
    task = CupidTask("spark_job", json.dumps(plan), hints={key.replace("__", "."): value for key, value in hints.items()})
    return (o or globals()["o"]).get_project().instances.create(task=task)
def ended(instance):
    instance.wait_for_completion(interval=0.5)
    task = instance.get_task_statuses()["spark_job"]
    return task.status.value, instance.get_task_result()
def spark(name, code, *words, o=None, **hints):
    put(name, code, o)
    return ended(submit(name, *words, o=o, **hints))
`;
