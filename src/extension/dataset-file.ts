import * as vscode from 'vscode';
import { Failure } from '../core/failure.ts';
import { type Dataset, datasetFormat, parseDataset } from '../core/prompts/dataset.ts';

/** Bytes of a data set that the editor reads; larger ones are for the command line, which streams. */
const mostBytes = 64 * 1024 * 1024;

export interface NamedDataset extends Dataset {
  /** Base name of the file. */
  readonly name: string;
}

/**
 * The data set that the argument names (a file of the explorer), else that of the active editor, else one the person picks.
 * It has at least one prompt; rows that were left out are in `problems`.
 * @throws Failure `input` when it cannot be read or holds no prompt, CancellationError when none was picked.
 */
export async function wantedDataset(argument: unknown): Promise<NamedDataset> {
  if (argument instanceof vscode.Uri) return readDataset(argument);
  return activeDataset() ?? readDataset(await pickFile());
}

function activeDataset(): NamedDataset | undefined {
  const document = vscode.window.activeTextEditor?.document;
  if (!document || datasetFormat(document.uri.path) === 'text') return undefined;
  const dataset = parsed(document.getText(), document.uri);
  return dataset.prompts.length > 0 ? dataset : undefined;
}

async function readDataset(uri: vscode.Uri): Promise<NamedDataset> {
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  const dataset = parsed(open ? open.getText() : await readText(uri), uri);
  const [problem] = dataset.problems;
  if (dataset.prompts.length > 0) return dataset;
  const why = problem ? `Line ${problem.line}: ${problem.message}` : 'It is empty.';
  throw new Failure({ code: 'input', message: `${dataset.name} holds no prompt. ${why}` });
}

function parsed(text: string, uri: vscode.Uri): NamedDataset {
  const name = baseName(uri);
  return { name, ...parseDataset(text, datasetFormat(name), name) };
}

async function pickFile(): Promise<vscode.Uri> {
  const [uri] =
    (await vscode.window.showOpenDialog({
      title: 'Tierwise: data set to benchmark',
      openLabel: 'Benchmark',
      filters: { 'Data sets': ['jsonl', 'ndjson', 'yaml', 'yml'], 'One prompt': ['md', 'txt', 'prompt'] },
    })) ?? [];
  if (!uri) throw new vscode.CancellationError();
  return uri;
}

async function readText(uri: vscode.Uri): Promise<string> {
  const name = baseName(uri);
  const refuse = (message: string) => new Failure({ code: 'input', message });
  try {
    const { size, type } = await vscode.workspace.fs.stat(uri);
    if (type & vscode.FileType.Directory) throw refuse(`${name} is a folder. Choose a file.`);
    if (size > mostBytes) {
      throw refuse(
        `${name} is larger than ${mostBytes / 1024 / 1024} MB. Use the command line for it: tierwise bench.`,
      );
    }
    const bytes = await vscode.workspace.fs.readFile(uri);
    if (bytes.includes(0)) throw refuse(`${name} is binary or UTF-16. Save it as UTF-8 text.`);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof vscode.FileSystemError) throw refuse(`Cannot read ${name}: ${error.message}`);
    if (error instanceof TypeError) throw refuse(`${name} is not UTF-8 text. Save it as UTF-8.`);
    throw error;
  }
}

function baseName({ path }: vscode.Uri): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
