/** Fills in a template: `%c` is the client id, `%u` the user name or nothing. */
export function fillTemplate(template: string, clientId: string, username = ''): string {
  return template.replaceAll(/%[cu]/g, (mark) => (mark === '%c' ? clientId : username));
}
