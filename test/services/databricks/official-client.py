"""Asks a workspace through Databricks' own client and prints as JSON what that understood."""

import json
import sys
from datetime import timedelta

from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError
from databricks.sdk.service.serving import (
    ChatMessage,
    ChatMessageRole,
    EndpointCoreConfigInput,
    ServedEntityInput,
)

client = WorkspaceClient()
endpoints = client.serving_endpoints
said = [ChatMessage(role=ChatMessageRole.USER, content="Say hello to the reader.")]
custom = "my-custom-endpoint"


def failure(call):
    try:
        call()
    except DatabricksError as error:
        return [type(error).__name__, error.error_code, str(error)]
    return None


def entity(version):
    return ServedEntityInput(
        entity_name="main.ml.answers", entity_version=version, workload_size="Small", scale_to_zero_enabled=True
    )


def state(endpoint):
    return {
        "ready": endpoint.state.ready.value,
        "update": endpoint.state.config_update.value,
        "entities": [[served.name, served.state.deployment.value] for served in endpoint.config.served_entities],
        "traffic": [[route.served_model_name, route.traffic_percentage] for route in endpoint.config.traffic_config.routes],
    }


def reading():
    chat = endpoints.query("databricks-meta-llama-3-1-8b-instruct", messages=said, max_tokens=8)
    vectors = endpoints.query("databricks-gte-large-en", input=["red", "green"])
    rows = endpoints.query(custom, dataframe_records=[{"prompt": "abc"}])
    return {
        "auth": client.config.auth_type,
        "listed": {endpoint.name: endpoint.task for endpoint in endpoints.list()},
        "entity": endpoints.get("databricks-gpt-oss-120b").config.served_entities[0].foundation_model.name,
        "chat": [chat.choices[0].message.content, chat.usage.completion_tokens, chat.model],
        "vectors": [len(item.embedding) for item in vectors.data],
        "rows": rows.predictions,
        "served": rows.served_model_name,
        "absent": failure(lambda: endpoints.get("no-such-endpoint")),
    }


def deploying():
    timeout = timedelta(seconds=60)
    first = EndpointCoreConfigInput(name="made", served_entities=[entity("1")])
    made = endpoints.create_and_wait("made", config=first, timeout=timeout)
    again = failure(lambda: endpoints.create("made", config=first))
    waiting = endpoints.update_config("made", served_entities=[entity("2")])
    busy = failure(lambda: endpoints.update_config("made", served_entities=[entity("3")]))
    updated = waiting.result(timeout=timeout)
    log = endpoints.build_logs("made", "answers-2").logs
    endpoints.delete("made")
    return {
        "made": state(made),
        "again": again,
        "busy": busy,
        "updated": state(updated),
        "log": log,
        "deleted": failure(lambda: endpoints.get("made")),
    }


print(json.dumps({"reading": reading, "deploying": deploying}[sys.argv[1]]()))
