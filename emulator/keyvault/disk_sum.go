package keyvault

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"os"

	"go.etcd.io/bbolt"
)

// The sequence number of a bucket, which nothing else needs here, is the XOR of the sums of its entries:
// one that was changed or lost since it was written is found, and a write costs the same however many
// there are. bbolt itself has a checksum of its two first pages only.

// sum is of an entry with its key; without a value there is none.
func sum(key, value []byte) uint64 {
	if value == nil {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write(key)
	_, _ = h.Write([]byte{0})
	_, _ = h.Write(value)
	return h.Sum64()
}

// bucketValue stands for the value of an entry that is a bucket.
func bucketValue() []byte { return []byte{} }

// put has a key stand for a value, or for nothing.
func put(b *bbolt.Bucket, key, value []byte) error {
	if err := b.SetSequence(b.Sequence() ^ sum(key, b.Get(key)) ^ sum(key, value)); err != nil {
		return err
	}
	if value == nil {
		return b.Delete(key)
	}
	return b.Put(key, value)
}

// child is a bucket within another, made where there is none.
func child(b *bbolt.Bucket, key []byte) (*bbolt.Bucket, error) {
	if c := b.Bucket(key); c != nil {
		return c, nil
	}
	if err := b.SetSequence(b.Sequence() ^ sum(key, bucketValue())); err != nil {
		return nil, err
	}
	return b.CreateBucket(key)
}

// drop removes a bucket with all that is in it.
func drop(b *bbolt.Bucket, key []byte) error {
	if err := b.SetSequence(b.Sequence() ^ sum(key, bucketValue())); err != nil {
		return err
	}
	return b.DeleteBucket(key)
}

// verify reads the whole file, before anything is written to it.
func (d *Disk) verify(tx *bbolt.Tx) error {
	if err := d.verifyPages(tx); err != nil {
		return d.damaged(err)
	}
	meta := tx.Bucket([]byte(bucketMeta))
	if meta == nil && tx.ID() <= firstTransaction {
		return nil // a new file
	}
	for _, name := range []string{bucketMeta, bucketVaults, bucketSeeded} {
		b := tx.Bucket([]byte(name))
		if b == nil {
			return d.damaged(errors.New("it has no " + name))
		}
		if err := verifyBucket(b, name); err != nil {
			return d.damaged(err)
		}
	}
	if format := meta.Get([]byte(keyFormat)); string(format) != diskFormat {
		return fmt.Errorf("%s has the format %q, of another kindred; this one knows %s: take that one, or another --state", d.path, format, diskFormat)
	}
	if err := verifyTrees(tx); err != nil {
		return d.damaged(err)
	}
	return nil
}

// firstTransaction is the last that bbolt itself makes in a new file.
const firstTransaction = 1

func verifyBucket(b *bbolt.Bucket, name string) error {
	var all uint64
	err := b.ForEach(func(key, value []byte) error {
		if value != nil {
			all ^= sum(key, value)
			if !bytes.Equal(b.Get(key), value) { // the pages above lead elsewhere
				return fmt.Errorf("%s of %s is not found", key, name)
			}
			return nil
		}
		all ^= sum(key, bucketValue())
		c := b.Bucket(key)
		if c == nil {
			return fmt.Errorf("%s of %s is not found", key, name)
		}
		return verifyBucket(c, name+"/"+string(key))
	})
	if err == nil && all != b.Sequence() {
		err = fmt.Errorf("what is in %s is not what was written", name)
	}
	return err
}

// verifyPages looks at the pages one after the other: whether each is one, and ends where the next begins, and
// what is in it does not. It comes before all that opens a bucket.
func (d *Disk) verifyPages(tx *bbolt.Tx) error {
	file, err := os.Open(d.path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // only read
	size := tx.DB().Info().PageSize
	pages := int(tx.Size()) / size
	for id := 0; id < pages; {
		page, err := tx.Page(id)
		if err != nil {
			return err
		}
		switch page.Type {
		case "free":
			id++
			continue
		case "meta", "freelist", "branch", "leaf":
			id += 1 + page.OverflowCount
		default:
			return fmt.Errorf("page %d is none", id)
		}
		if id > pages {
			return fmt.Errorf("page %d goes on after the end", page.ID)
		}
		if page.Type != "leaf" {
			continue
		}
		data := make([]byte, (1+page.OverflowCount)*size)
		if _, err := file.ReadAt(data, int64(page.ID)*int64(size)); err != nil {
			return err
		}
		if err := verifyLeaf(data); err != nil {
			return fmt.Errorf("page %d: %w", page.ID, err)
		}
	}
	return nil
}

// verifyTrees looks whether each page is in one place. It reads in a goroutine that guard does not guard, and
// trusts what the pages say of their lengths and children: the other checks come before it.
func verifyTrees(tx *bbolt.Tx) error {
	var first error
	for err := range tx.Check(bbolt.WithKVStringer(shortly{})) { // to its end, or it stays
		if first == nil {
			first = err
		}
	}
	return first
}

// shortly names a key by its beginning: bbolt's own way reads it all, for every page, and a length may be
// damaged.
type shortly struct{}

func (shortly) KeyToString(key []byte) string { return fmt.Sprintf("%q", key[:min(len(key), 16)]) }
func (shortly) ValueToString([]byte) string   { return "" }
