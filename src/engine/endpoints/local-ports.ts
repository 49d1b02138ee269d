/** Where local model servers listen unless told otherwise: Ollama, LM Studio, llama.cpp, vLLM, LiteLLM. */
export const localPorts: readonly number[] = [11434, 1234, 8080, 8000, 4000];
