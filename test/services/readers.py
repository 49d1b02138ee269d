"""What others' readers make of our files: python readers.py METRICS.json JUNIT.xml REQUESTS.csv prints it as JSON.

Metrics are read by OpenTelemetry's own protocol buffers and beside them stand the names of its semantic conventions.
"""

import csv
import json
import sys

import junitparser
from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.semconv._incubating.attributes import error_attributes, gen_ai_attributes, server_attributes
from opentelemetry.semconv._incubating.metrics import gen_ai_metrics


def value(any_value):
    return getattr(any_value, any_value.WhichOneof("value"))


def attributes(listed):
    return {each.key: value(each.value) for each in listed}


def metrics(path):
    with open(path, encoding="utf-8") as file:
        # Strict: a field that it does not know is an error.
        request = json_format.Parse(file.read(), ExportMetricsServiceRequest())
    # There and back again through the wire format.
    request = ExportMetricsServiceRequest.FromString(request.SerializeToString())
    [resource] = request.resource_metrics
    [scope] = resource.scope_metrics
    return {
        "resource": attributes(resource.resource.attributes),
        "scope": scope.scope.name,
        "metrics": [
            {
                "name": metric.name,
                "unit": metric.unit,
                "cumulative": metric.histogram.aggregation_temporality == 2,
                "points": [
                    {
                        "attributes": attributes(point.attributes),
                        "start": point.start_time_unix_nano,
                        "end": point.time_unix_nano,
                        "count": point.count,
                        "sum": point.sum,
                        "min": point.min,
                        "max": point.max,
                        "buckets": list(point.bucket_counts),
                        "bounds": list(point.explicit_bounds),
                    }
                    for point in metric.histogram.data_points
                ],
            }
            for metric in scope.metrics
        ],
    }


class Meter:
    """Learns how an instrument of the conventions is called."""

    def create_histogram(self, name, description="", unit=""):
        return {"name": name, "unit": unit}


def conventions():
    makers = [maker for name, maker in vars(gen_ai_metrics).items() if name.startswith("create_gen_ai_client")]
    modules = [gen_ai_attributes, server_attributes, error_attributes]
    return {
        "metrics": [maker(Meter()) for maker in makers],
        "attributes": [name for module in modules for key, name in vars(module).items() if key.isupper()],
        "operations": [each.value for each in gen_ai_attributes.GenAiOperationNameValues],
        "providers": [each.value for each in gen_ai_attributes.GenAiProviderNameValues],
        "tokenTypes": [each.value for each in gen_ai_attributes.GenAiTokenTypeValues],
    }


def junit(path):
    return [
        {
            "name": suite.name,
            "tests": suite.tests,
            "failures": suite.failures,
            "properties": {each.name: each.value for each in suite.properties()},
            "cases": [
                {
                    "name": case.name,
                    "classname": case.classname,
                    "failed": [result.text for result in case.result if isinstance(result, junitparser.Failure)],
                }
                for case in suite
            ],
        }
        for suite in junitparser.JUnitXml.fromfile(path)
    ]


def table(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


print(
    json.dumps(
        {
            "otel": metrics(sys.argv[1]),
            "conventions": conventions(),
            "junit": junit(sys.argv[2]),
            "csv": table(sys.argv[3]),
        }
    )
)
