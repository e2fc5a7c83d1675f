/** With a capital where that cannot spoil somebody's name for a thing. */
export function sentence(message: string): string {
  const isPlain = /^(the|there|a|an|no|this|it|something|somebody|another|only|name|everything|of|for) /.test(message);
  return isPlain ? message.charAt(0).toUpperCase() + message.slice(1) : message;
}
