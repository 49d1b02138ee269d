import type * as vscode from 'vscode';
import type { ConfiguredEndpoint } from '../engine/config/schema.ts';

/** An endpoint that is added by its address: how it speaks, and how its address is asked for. */
export interface AddressedKind {
  readonly protocol: ConfiguredEndpoint['protocol'];
  /** Question for the address. */
  readonly address: string;
  readonly placeHolder: string;
  /** The address that most people have. */
  readonly usual?: string;
  /** Whether an address needs an api-version beside it. */
  readonly wantsApiVersion?: (baseUrl: string) => boolean;
}

/** What a person can add, in the order of the list. The last three have questions of their own. */
export type KindItem = vscode.QuickPickItem & { readonly kindOf: AddressedKind | 'databricks' | 'local' | 'vscode' };

export const endpointKinds: readonly KindItem[] = [
  {
    label: 'OpenAI-compatible',
    detail: 'Chat completions: OpenAI, vLLM, llama.cpp, LiteLLM, OpenRouter, and most other servers.',
    kindOf: {
      protocol: 'openai',
      address: 'Address of an OpenAI-compatible endpoint, up to and with /v1',
      placeHolder: 'https://api.example.com/v1 or http://localhost:8000/v1',
    },
  },
  {
    label: 'OpenAI Responses',
    detail: 'OpenAI’s newer interface, with its reasoning models.',
    kindOf: {
      protocol: 'openai-responses',
      address: 'Address of the endpoint, up to and with /v1',
      placeHolder: 'https://api.openai.com/v1',
      usual: 'https://api.openai.com/v1',
    },
  },
  {
    label: 'Azure OpenAI',
    detail: 'Models that are deployed in a resource of your own.',
    kindOf: {
      protocol: 'azure-openai',
      address: 'Address of the resource, with /openai/v1 at its end, or without it for an older api-version',
      placeHolder: 'https://RESOURCE.openai.azure.com/openai/v1',
      wantsApiVersion: (baseUrl) => !/\/openai\/v1$/.test(baseUrl),
    },
  },
  {
    label: 'Anthropic',
    detail: 'Claude, by the messages interface.',
    kindOf: {
      protocol: 'anthropic',
      address: 'Address of the endpoint',
      placeHolder: 'https://api.anthropic.com',
      usual: 'https://api.anthropic.com',
    },
  },
  {
    label: 'Ollama',
    detail: 'Models on this machine or on one that you reach.',
    kindOf: {
      protocol: 'ollama',
      address: 'Address of the Ollama server',
      placeHolder: 'http://127.0.0.1:11434',
      usual: 'http://127.0.0.1:11434',
    },
  },
  {
    label: 'Databricks workspace',
    detail: 'Model serving: foundation models, external models and your own.',
    kindOf: 'databricks',
  },
  {
    label: 'Discover local servers',
    detail: 'Looks on this machine for Ollama, LM Studio, llama.cpp, vLLM and LiteLLM.',
    kindOf: 'local',
  },
  {
    label: 'Models of VS Code',
    detail: 'Those that GitHub Copilot or other extensions provide in this window.',
    kindOf: 'vscode',
  },
];
