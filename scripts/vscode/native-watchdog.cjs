// Stands in for the native module @vscode/native-watchdog, which ends an extension host whose server is gone. The tests end
// the whole process group instead.
exports.start = () => {};
exports.exit = (code) => process.exit(code ?? 0);
