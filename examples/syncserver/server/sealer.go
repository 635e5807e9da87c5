package server

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"net/http"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// sealer compresses the chunks of a pull as one gzip stream, so that the length of the stream reveals
// nothing about the text of one bucket to somebody who can write into another one. To compress a text means
// to refer back to the same text before it. A member who watches the network could write a guess into a
// bucket that he shares with the reader. If the answer became shorter, the guess would be somewhere else in
// the answer, perhaps in a bucket that he may not read.
//
// So each part of a chunk is compressed by itself, with an empty window, and its length depends on nothing
// else. Lines without records hold the names of several buckets. They are not compressed.
//
// If the reader has only the bucket "", each member may read the whole answer, so its author learns nothing from
// its length. If such an answer has several chunks and the client accepts zstd, they are compressed as one text,
// which is a tenth shorter: words recur from chunk to chunk. If the reader gets another bucket meanwhile, the
// answer ends. With Options.LostEdits, each client has a bucket of its own besides, for the rows of its lost edits, so
// no answer is compressed as a whole.
//
// A nil sealer compresses nothing.
type sealer struct {
	writers  *sync.Pool // of *flate.Writer; a sealer holds one only while it compresses a chunk
	encoders *sync.Pool // of *zstd.Encoder; nil if the client does not accept zstd
	header   http.Header
	begun    bool
	sum      uint32
	size     uint32

	whole *zstd.Encoder // nil if each part is compressed by itself
	out   bytes.Buffer  // of whole
}

// compressors returns a pool of the writers that sealers use. The package flate of the standard library
// takes longer than others at this level, but makes columns shorter.
func compressors() *sync.Pool {
	return &sync.Pool{New: func() any {
		w, _ := flate.NewWriter(nil, 5) // cannot fail, because the level is valid
		return w
	}}
}

// encoders returns a pool of the encoders for answers that are compressed as a whole. Each takes about a megabyte.
func encoders() *sync.Pool {
	return &sync.Pool{New: func() any {
		e, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), // cannot fail,
			zstd.WithWindowSize(512<<10), zstd.WithLowerEncoderMem(true)) // because the options are valid
		return e
	}}
}

// admits decides before the first chunk whether the answer is compressed as a whole, and reports whether the chunk may
// be part of the answer.
func (z *sealer) admits(all, more bool) bool {
	if z == nil {
		return true
	}
	if !z.begun && all && more && z.encoders != nil {
		z.header.Set("Content-Encoding", "zstd")
		z.whole = z.encoders.Get().(*zstd.Encoder)
		z.whole.Reset(&z.out)
	}
	return z.whole == nil || all
}

// chunk returns the parts of a chunk, compressed, and its length without compression.
func (z *sealer) chunk(parts []part) (text []byte, plain int) {
	if z == nil {
		for _, p := range parts {
			text = append(text, p.text...)
		}
		return text, len(text)
	}
	if z.whole != nil {
		z.begun = true
		for _, p := range parts {
			plain += len(p.text)
			z.whole.Write(p.text) // a bytes.Buffer accepts all bytes
		}
		z.whole.Flush()
		return z.taken(), plain
	}
	var out bytes.Buffer
	if !z.begun {
		z.begun = true
		out.Write([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff}) // without a name and a time
	}
	w := z.writers.Get().(*flate.Writer)
	defer z.writers.Put(w)
	for _, p := range parts {
		plain += len(p.text)
		z.size += uint32(len(p.text))
		z.sum = crc32.Update(z.sum, crc32.IEEETable, p.text)
		if p.in == nil {
			stored(&out, p.text)
			continue
		}
		w.Reset(&out)
		w.Write(p.text) // a bytes.Buffer accepts all bytes
		w.Flush()
	}
	return out.Bytes(), plain
}

// stored writes a text as blocks without compression.
func stored(out *bytes.Buffer, text []byte) {
	for len(text) > 0 {
		n := min(len(text), 1<<16-1)
		out.WriteByte(0) // not the last block, stored
		out.Write(binary.LittleEndian.AppendUint32(nil, uint32(n)|^uint32(n)<<16))
		out.Write(text[:n])
		text = text[n:]
	}
}

// end returns the end of the stream.
func (z *sealer) end() []byte {
	if z == nil {
		return nil
	}
	if z.whole != nil {
		z.whole.Close()
		z.encoders.Put(z.whole)
		return z.taken()
	}
	if !z.begun {
		return nil
	}
	end := []byte{3, 0} // an empty last block
	return binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(end, z.sum), z.size)
}

// taken returns what whole has written since the last call.
func (z *sealer) taken() []byte {
	text := z.out.Bytes()
	z.out = bytes.Buffer{}
	return text
}
