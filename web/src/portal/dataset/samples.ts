// The same question in four languages.

export interface Sample {
  name: string;
  code: string;
}

export function samples(url: string): Sample[] {
  return [
    { name: 'curl', code: `curl '${url}'` },
    {
      name: 'Python',
      code: `import requests

answer = requests.get("${url}", timeout=30)
answer.raise_for_status()
for row in answer.json()["items"]:
    print(row)`,
    },
    {
      name: 'JavaScript',
      code: `const answer = await fetch("${url}");
if (!answer.ok) throw new Error((await answer.json()).title);
const { items, next } = await answer.json();
console.log(items);`,
    },
    {
      name: 'Java',
      code: `var client = java.net.http.HttpClient.newHttpClient();
var request = java.net.http.HttpRequest.newBuilder(
    java.net.URI.create("${url}")).build();
var answer = client.send(request,
    java.net.http.HttpResponse.BodyHandlers.ofString());
System.out.println(answer.body());`,
    },
  ];
}
