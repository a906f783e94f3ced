// How an application calls a shared interface: a token first, then the call.

import type { Service } from './types';

export function samples(s: Service, origin: string): { language: string; code: string }[] {
  const url = s.url.startsWith('http') ? s.url : `${origin}${s.url}`;
  const token = `${origin}/oauth/token`;
  const keys = Object.fromEntries(s.key_items.map((k) => [k.name, '…']));
  const match =
    s.mode === 'verify'
      ? Object.fromEntries(
          s.items
            .filter((i) => !(i.name in keys))
            .slice(0, 1)
            .map((i) => [i.name, '…']),
        )
      : undefined;
  const body = JSON.stringify(match ? { keys, match } : { keys });
  return [
    {
      language: 'curl',
      code: `TOKEN=$(curl -s -u "$CLIENT_ID:$CLIENT_SECRET" \\
  -d grant_type=client_credentials ${token} | jq -r .access_token)
curl -s -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
  -d '${body}' ${url}`,
    },
    {
      language: 'Python',
      code: `import requests
token = requests.post("${token}", auth=(client_id, client_secret),
    data={"grant_type": "client_credentials"}).json()["access_token"]
answer = requests.post("${url}", json=${body.replaceAll('true', 'True')},
    headers={"Authorization": f"Bearer {token}"}).json()`,
    },
    {
      language: 'JavaScript',
      code: `const { access_token } = await (await fetch("${token}", {
  method: "POST",
  headers: { Authorization: "Basic " + btoa(clientId + ":" + clientSecret) },
  body: new URLSearchParams({ grant_type: "client_credentials" }),
})).json();
const answer = await (await fetch("${url}", {
  method: "POST",
  headers: { Authorization: \`Bearer \${access_token}\`, "Content-Type": "application/json" },
  body: JSON.stringify(${body}),
})).json();`,
    },
    {
      language: 'Java',
      code: `var http = java.net.http.HttpClient.newHttpClient();
var call = java.net.http.HttpRequest.newBuilder(java.net.URI.create("${url}"))
    .header("Authorization", "Bearer " + token)
    .header("Content-Type", "application/json")
    .POST(java.net.http.HttpRequest.BodyPublishers.ofString("""
        ${body}""")).build();
var answer = http.send(call, java.net.http.HttpResponse.BodyHandlers.ofString()).body();`,
    },
  ];
}
