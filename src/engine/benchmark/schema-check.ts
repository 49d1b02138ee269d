import type * as z from 'zod/mini';

type Check = (value: unknown) => boolean;

/**
 * Whether a value is what a schema describes, told several times faster than by parsing: nothing is copied and no error is
 * made. Keys that the schema does not know are of no matter, as in a plain `z.object`. Knows what records are made of, and leaves
 * all else to the schema itself.
 */
export function schemaCheck(schema: z.core.$ZodType): Check {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (!('checks' in def) || def.checks === undefined || def.checks.length === 0) {
    switch (def.type) {
      case 'string':
        return (value) => typeof value === 'string';
      case 'number':
        return (value) => typeof value === 'number' && Number.isFinite(value);
      case 'boolean':
        return (value) => typeof value === 'boolean';
      case 'enum':
        return oneOf(Object.values(def.entries));
      case 'literal':
        return oneOf(def.values);
      case 'optional': {
        const inner = schemaCheck(def.innerType);
        return (value) => value === undefined || inner(value);
      }
      case 'array': {
        const element = schemaCheck(def.element);
        return (value) => Array.isArray(value) && value.every(element);
      }
      case 'object':
        if (def.catchall === undefined) return objectCheck(def.shape);
    }
  }
  return (value) => (schema as z.ZodMiniType).safeParse(value).success;
}

function oneOf(values: readonly unknown[]): Check {
  const [only] = values;
  if (values.length === 1) return (value) => value === only;
  const allowed = new Set(values);
  return (value) => allowed.has(value);
}

function objectCheck(shape: Readonly<Record<string, z.core.$ZodType>>): Check {
  const fields = Object.entries(shape).map(([key, schema]) => {
    const { def } = (schema as z.core.$ZodTypes)._zod;
    // Most fields are optional and most of those absent: it is seen here, without a call.
    const optional = def.type === 'optional';
    return { key, optional, check: schemaCheck(optional ? def.innerType : schema) };
  });
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    for (const { key, optional, check } of fields) {
      const field = (value as Record<string, unknown>)[key];
      if (field === undefined ? !optional && !check(field) : !check(field)) return false;
    }
    return true;
  };
}
