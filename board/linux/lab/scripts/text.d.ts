// Scripts are imported as text, so that the binary carries them.
declare module '*.cfg' {
  const text: string;
  export default text;
}
