// Provides language models to VS Code, as GitHub Copilot does, for the tests of the host. Not shipped.
const vscode = require('vscode');

const describeModel = (family) => ({
  id: `${family}-1`,
  name: `Test ${family}`,
  family,
  version: '1',
  maxInputTokens: 4096,
  maxOutputTokens: 1024,
  capabilities: {},
});

exports.activate = (context) => {
  /** What the tests set: the parts of an answer or an error to throw, and the pause before each part in ms. */
  const state = { parts: ['Four', '.'], error: undefined, pauseMs: 0, listed: 0, asked: [], cancelled: 0 };
  context.subscriptions.push(
    vscode.lm.registerLanguageModelChatProvider('tierwise-test', {
      provideLanguageModelChatInformation: () => {
        state.listed += 1;
        return [describeModel('echo'), describeModel('other')];
      },
      async provideLanguageModelChatResponse(model, messages, _options, progress, token) {
        state.asked.push({
          model: model.id,
          text: messages.flatMap(({ content }) => content.map((part) => part.value)).join(''),
        });
        token.onCancellationRequested(() => {
          state.cancelled += 1;
        });
        if (state.error) throw state.error;
        for (const part of state.parts) {
          if (state.pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, state.pauseMs));
          if (token.isCancellationRequested) return;
          progress.report(new vscode.LanguageModelTextPart(part));
        }
      },
      provideTokenCount: async (_model, text) => (typeof text === 'string' ? text.split(/\s+/).length : 1),
    }),
  );
  return state;
};
