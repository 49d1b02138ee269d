import * as vscode from 'vscode';
import { Failure } from '../core/failure.ts';
import {
  type Dataset,
  type DatasetOptions,
  datasetFormat,
  type GivenFile,
  parseDataset,
} from '../core/prompts/dataset.ts';
import { type Folder, type FolderEntry, loadDataset, loadFolder } from '../core/prompts/datasets/load.ts';

/** Bytes of a data set that the editor reads; larger ones are for the command line, which streams. */
const mostBytes = 64 * 1024 * 1024;

export interface NamedDataset extends Dataset {
  /** Base name of the file or folder. */
  readonly name: string;
}

/**
 * The data set that the argument names (a file or folder of the explorer), else that of the active editor, else one the
 * person picks; `template` is put around each prompt. It has at least one prompt; rows that were left out are in `problems`, parts of rows in `notes`.
 * @throws Failure `input` when it cannot be read or holds no prompt, CancellationError when none was picked.
 */
export async function wantedDataset(argument: unknown, template?: string): Promise<NamedDataset> {
  if (argument instanceof vscode.Uri) return readDataset(argument, { template });
  return (await activeDataset({ template })) ?? readDataset(await pickFile(), { template });
}

async function activeDataset(options: DatasetOptions): Promise<NamedDataset | undefined> {
  const document = vscode.window.activeTextEditor?.document;
  if (!document || datasetFormat(document.uri.path) === 'text') return undefined;
  // Most JSON and YAML is no data set: a glance, before files are read that it may name.
  const { prompts, wanted } = parseDataset(document.getText(), datasetFormat(document.uri.path), '');
  if (prompts.length === 0 && wanted.length === 0) return undefined;
  const dataset = await parsed(document.getText(), document.uri, options);
  return dataset.prompts.length > 0 ? dataset : undefined;
}

async function readDataset(uri: vscode.Uri, options: DatasetOptions): Promise<NamedDataset> {
  const open = vscode.workspace.textDocuments.find((document) => document.uri.toString() === uri.toString());
  const dataset = open
    ? await parsed(open.getText(), uri, options)
    : (await isFolder(uri))
      ? { name: baseName(uri), ...(await loadFolder(workspaceFolder(uri), options)) }
      : await parsed(await readText(uri, mostBytes), uri, options);
  const [problem] = dataset.problems;
  if (dataset.prompts.length > 0) return dataset;
  const why = problem ? `Line ${problem.line}: ${problem.message}` : 'It is empty.';
  throw new Failure({ code: 'input', message: `${dataset.name} holds no prompt. ${why}` });
}

async function parsed(text: string, uri: vscode.Uri, options: DatasetOptions): Promise<NamedDataset> {
  const name = baseName(uri);
  const folder = uri.scheme === 'untitled' ? undefined : workspaceFolder(vscode.Uri.joinPath(uri, '..'));
  return { name, ...(await loadDataset(text, datasetFormat(name), name, folder, options)) };
}

async function pickFile(): Promise<vscode.Uri> {
  const [uri] =
    (await vscode.window.showOpenDialog({
      title: 'Tierwise: data set to benchmark',
      openLabel: 'Benchmark',
      filters: {
        'Data sets': ['jsonl', 'ndjson', 'csv', 'tsv', 'yaml', 'yml', 'json'],
        'One prompt': ['md', 'txt', 'prompt', 'prompty'],
      },
    })) ?? [];
  if (!uri) throw new vscode.CancellationError();
  return uri;
}

/** A folder of any file system that VS Code knows. Links are not followed: in a virtual one nobody can say where they lead. */
function workspaceFolder(root: vscode.Uri): Folder {
  return {
    async list(path) {
      const entries = await vscode.workspace.fs.readDirectory(vscode.Uri.joinPath(root, path));
      return entries.map(([name, type]): FolderEntry => ({ name, kind: kindOf(type) }));
    },
    async read(path, maxBytes): Promise<GivenFile> {
      try {
        for (let at = path.indexOf('/'); ; at = path.indexOf('/', at + 1)) {
          const uri = vscode.Uri.joinPath(root, at === -1 ? path : path.slice(0, at));
          const { type } = await vscode.workspace.fs.stat(uri);
          if (type & vscode.FileType.SymbolicLink) {
            return {
              problem: `"${path}" is or stands behind a link, which is not followed. Put the file itself there.`,
            };
          }
          if (at === -1) return { text: await readText(uri, maxBytes) };
        }
      } catch (error) {
        if (error instanceof Failure) return { problem: error.message };
        if (error instanceof vscode.FileSystemError) return { problem: `"${path}" cannot be read (${error.code}).` };
        throw error;
      }
    },
  };
}

function kindOf(type: vscode.FileType): FolderEntry['kind'] {
  if (type & vscode.FileType.SymbolicLink) return 'link';
  if (type & vscode.FileType.Directory) return 'folder';
  return type & vscode.FileType.File ? 'file' : 'other';
}

async function isFolder(uri: vscode.Uri): Promise<boolean> {
  try {
    return ((await vscode.workspace.fs.stat(uri)).type & vscode.FileType.Directory) !== 0;
  } catch {
    // Reading says what is wrong with it.
    return false;
  }
}

/** A file as text. @throws Failure `input` when it cannot be read, is larger than `limit` bytes, or is no UTF-8. */
export async function readText(uri: vscode.Uri, limit: number): Promise<string> {
  const name = baseName(uri);
  const refuse = (message: string) => new Failure({ code: 'input', message });
  try {
    const { size, type } = await vscode.workspace.fs.stat(uri);
    if (type & vscode.FileType.Directory) throw refuse(`${name} is a folder. Choose a file.`);
    if (size > limit) {
      throw refuse(`${name} is larger than ${limit / 1024 / 1024} MB. Use the command line for it: tierwise bench.`);
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

export function baseName({ path }: vscode.Uri): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
