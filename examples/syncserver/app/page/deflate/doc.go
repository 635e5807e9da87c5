// Package deflate compresses data once for many readers. [Gzip] makes the program of the page 6 % smaller than compress/gzip
// does at its best level, and takes about five seconds for 8 MB. Every reader of the gzip format reads the result.
//
// It looks for the cheapest way through the content, as Zopfli does. Each position is a place, each literal and each copy
// that can begin there is a road to a later place, and its bits are the price. Prices follow from how often each code is
// used, and this follows from the way, so the way is found again with the prices that it led to.
//
//   - gzip.go: the whole: segments, blocks, and the parses of each.
//   - match.go: finds the copies that can begin at a position.
//   - parse.go: finds the cheapest tokens for the positions of a block.
//   - symbol.go: the codes of numbers, how often each is used, and the prices that follow.
//   - block.go: divides tokens into blocks.
//   - huffman.go: the bits of each code.
//   - write.go: the form of a block.
//
// The content and all results are in memory, and there is no limit of time: for data of strangers, use compress/gzip.
package deflate
