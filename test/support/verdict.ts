/** What is told of the refusal of a call, unless said otherwise its name; `goes` where there is none. */
export const verdict = (
  work: Promise<unknown>,
  tell: (refusal: Error) => string = ({ name }) => name,
): Promise<string> => work.then(() => "goes", tell);
