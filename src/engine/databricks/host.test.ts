import { describe, expect, it } from 'vitest';
import { Failure } from '../../core/failure.ts';
import { isAzureWorkspace, parseWorkspaceHost } from './host.ts';

const origin = 'https://dbc-a1b2c3d4-e5f6.cloud.databricks.com';

describe('the address of a workspace', () => {
  it.each([
    origin,
    `${origin}/`,
    `  ${origin}//\n`,
    `${origin}/?o=1234567890`,
    `${origin}/?o=1234567890#ml/endpoints/databricks-gpt-oss-20b`,
    `${origin}#ml/endpoints`,
    `${origin}/ml/endpoints?o=1`,
    `${origin}/serving-endpoints`,
    `${origin}/serving-endpoints/x/invocations`,
    `${origin}/serving-endpoints/chat/completions`,
    `${origin}/api/2.0/serving-endpoints`,
    `${origin}:443`,
    'HTTPS://DBC-A1B2C3D4-E5F6.cloud.databricks.com/browse',
    'dbc-a1b2c3d4-e5f6.cloud.databricks.com',
    'dbc-a1b2c3d4-e5f6.cloud.databricks.com/?o=1#x',
    `${origin}/?next=https://evil.example@x`,
  ])('pasted as %j is its origin', (text) => {
    expect(parseWorkspaceHost(text)).toEqual({ url: origin, origin, loopback: false });
  });

  it('may be an Azure, Google or loopback one', () => {
    expect(parseWorkspaceHost('adb-123.4.azuredatabricks.net/?o=123').origin).toBe(
      'https://adb-123.4.azuredatabricks.net',
    );
    expect(parseWorkspaceHost('123.4.gcp.databricks.com').origin).toBe('https://123.4.gcp.databricks.com');
    expect(parseWorkspaceHost('http://127.0.0.1:8080/x')).toMatchObject({
      origin: 'http://127.0.0.1:8080',
      loopback: true,
    });
    expect(parseWorkspaceHost('localhost:8443').origin).toBe('https://localhost:8443');
  });

  it.each([
    ['', /empty/],
    ['https://accounts.cloud.databricks.com/login', /account console.*copy its address/],
    ['accounts.azuredatabricks.net', /account console/],
    ['https://accounts.gcp.databricks.com', /account console/],
    ['https://accounts-dod.cloud.databricks.us', /account console/],
    ['https://login.databricks.com', /not a workspace/],
    ['https://1234.ai-gateway.cloud.databricks.com/mlflow/v1', /AI gateway/],
    ['http://dbc-1.cloud.databricks.com', /unencrypted.*https/],
    ['http://169.254.169.254/latest', /credentials/],
    ['https://metadata.google.internal', /credentials/],
    ['https://good.example@evil.example/', /user name/],
    ['good.example@evil.example', /user name/],
    ['https://good.example\\@evil.example', /backslash/],
    ['https://good.example\\.evil.example/x', /backslash/],
    ['//evil.example', /https:\/\//],
    ['file:///etc/passwd', /https:\/\//],
    ['javascript:alert(1)', /https:\/\//],
    ['https://dbc-1.cloud.databricks.com.', /dot at its end/],
    ['https://dаtabricks.example', /mistaken/],
    ['https://xn--80ak6aa92e.example', /mistaken/],
    ['dbc-1.cloud.da\u200btabricks.com', /invisible/],
    ['https://dbc-1.cloud.databricks.com/\u202emoc.elpmaxe', /invisible/],
    ['dbc-1.cloud.databricks.com/?o=1#\u2066x', /invisible/],
    ['https://dbc-1.cloud.databricks.com/ml\u200b', /invisible/],
    ['https://', /https:\/\//],
  ])('such as %j is refused, with a way to mend it', (text, why) => {
    expect(() => parseWorkspaceHost(text)).toThrow(why);
    expect(() => parseWorkspaceHost(text)).toThrow(Failure);
  });

  it('is one of Azure only under the domains of Azure Databricks', () => {
    expect(isAzureWorkspace('https://adb-1.2.azuredatabricks.net')).toBe(true);
    for (const other of [
      'https://azuredatabricks.net.evil.example',
      'https://evilazuredatabricks.net',
      'http://a.azuredatabricks.net',
      origin,
    ]) {
      expect(isAzureWorkspace(other), other).toBe(false);
    }
  });
});
