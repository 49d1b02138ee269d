/** The formats of a report; apart, so that help needs none of the writers. */
export const reportFormats = ['html', 'md', 'csv', 'json', 'text', 'otel', 'junit'] as const;
export type ReportFormat = (typeof reportFormats)[number];
