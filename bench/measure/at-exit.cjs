// Loaded into measured processes by --require: leaves what they used in the file that TIERWISE_BENCH_USAGE names, with the process's number for %p.
const { TIERWISE_BENCH_USAGE: file } = process.env;
if (file) {
  process.on('exit', () => {
    const { user, system } = process.cpuUsage();
    const usage = { cpuSeconds: (user + system) / 1e6, maxRssMb: process.resourceUsage().maxRSS / 1024 };
    require('node:fs').writeFileSync(file.replace('%p', String(process.pid)), JSON.stringify(usage));
  });
}
