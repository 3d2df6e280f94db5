// Where a worker's file is: beside the sources, or inside the compiled binary.

/** `file` as a path from board/linux. A compiled binary holds its entries under the folder they have in common, which is board. */
export const workerAddress = (file: string): string => (import.meta.url.includes('/$bunfs/') ? `./linux/${file}` : new URL(file, import.meta.url).href);
