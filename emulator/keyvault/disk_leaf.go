package keyvault

import (
	"encoding/binary"
	"errors"
)

// How bbolt lays out a page: a header (id 8 bytes, flags 2, count 2, overflow 4), then as many elements (flags,
// the distance from the element to its key, the key's and the value's length, 4 each), then keys and values.
// The value of an element with bucketFlag is a bucket: the id of its root page and its sequence, 8 each; one
// that has its page inside has no root. (go.etcd.io/bbolt, internal/common)
const (
	pageHeader   = 16
	pageFlags    = 8
	pageCount    = 10
	leafElement  = 16
	leafFlag     = 2
	bucketHeader = 16
	bucketFlag   = 1
)

var errLeaf = errors.New("an entry goes beyond its page")

// verifyLeaf looks whether the entries of a leaf page are within it, and each bucket within its entry: bbolt
// reads from memory whatever the lengths say.
func verifyLeaf(page []byte) error {
	if len(page) < pageHeader || binary.NativeEndian.Uint16(page[pageFlags:]) != leafFlag {
		return errLeaf
	}
	count := int(binary.NativeEndian.Uint16(page[pageCount:]))
	content := pageHeader + count*leafElement
	if content > len(page) {
		return errLeaf
	}
	for at := pageHeader; at < content; at += leafElement {
		field := func(i int) uint64 { return uint64(binary.NativeEndian.Uint32(page[at+4*i:])) }
		key := uint64(at) + field(1) //nolint:gosec // within the page
		value := key + field(2)
		end := value + field(3)
		if key < uint64(content) || end > uint64(len(page)) {
			return errLeaf
		}
		if field(0)&bucketFlag != 0 {
			if err := verifyEntry(page[value:end]); err != nil {
				return err
			}
		}
	}
	return nil
}

// verifyEntry is verifyLeaf for a bucket.
func verifyEntry(bucket []byte) error {
	if len(bucket) < bucketHeader {
		return errLeaf
	}
	if binary.NativeEndian.Uint64(bucket) == 0 {
		return verifyLeaf(bucket[bucketHeader:])
	}
	return nil
}
