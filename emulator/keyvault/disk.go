package keyvault

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Disk keeps what vaults hold in one file, across restarts. A write is on the disk before it is
// answered. One process at a time has it open.
//
//	meta    format → 1
//	vaults  NAME → (lower-case name of a secret → keptSecret)
//	seeded  NAME → (lower-case name of a secret that the fixture once gave it)
//
// Each bucket knows the sum of its entries, so that damage is found when the file is opened.
type Disk struct {
	db   *bbolt.DB
	path string
}

// The file beside the database that says who has it open.
const holderFile = "vaults.pid"

const (
	diskFile    = "vaults.db"
	diskMode    = 0o600
	diskFormat  = "1"
	openTimeout = 300 * time.Millisecond
)

// The buckets, and the key in meta.
const (
	bucketMeta   = "meta"
	bucketVaults = "vaults"
	bucketSeeded = "seeded"
	keyFormat    = "format"
)

// keptSecret is a secret, and when it was deleted.
type keptSecret struct {
	written
	Deleted int64 `json:"deleted,omitempty"`
	Purge   int64 `json:"purge,omitempty"` // zero: it is not deleted
}

// OpenDisk opens the file in a folder, or makes it. The error names it and what to do.
func OpenDisk(dir string) (*Disk, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, elsewhere(err)
	}
	d := &Disk{path: filepath.Join(dir, diskFile)}
	if err := d.guard(d.open); err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, holderFile), []byte(strconv.Itoa(os.Getpid())), diskMode); err != nil {
		return nil, errors.Join(elsewhere(err), d.db.Close())
	}
	return d, nil
}

// elsewhere says what to do about a folder that does not take files.
func elsewhere(err error) error { return fmt.Errorf("%w (--state names another)", err) }

func (d *Disk) open() (err error) {
	d.db, err = bbolt.Open(d.path, diskMode, &bbolt.Options{Timeout: openTimeout})
	var file *fs.PathError
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("%s is in use by another kindred%s: stop it, or take another --state", d.path, d.holder())
	case errors.As(err, &file):
		return elsewhere(err)
	case err != nil:
		return d.damaged(err)
	}
	if err = d.db.View(d.verify); err == nil {
		err = d.db.Update(begin)
	}
	if err != nil {
		return errors.Join(err, d.db.Close())
	}
	return nil
}

// holder says which process has the file open, if it has said so.
func (d *Disk) holder() string {
	pid, err := os.ReadFile(filepath.Join(filepath.Dir(d.path), holderFile))
	if err != nil {
		return ""
	}
	return " (process " + string(pid) + ")"
}

func (d *Disk) damaged(err error) error {
	return fmt.Errorf("%s cannot be read: %w; it is left as it is: put a copy of it back, or move it away to begin anew with the fixture's secrets", d.path, err)
}

// guard does what reads the file, whose pages are in memory as they are on the disk: where they make no
// sense, bbolt panics or reads memory that is not there.
func (d *Disk) guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = d.damaged(fmt.Errorf("%v", r))
		}
	}()
	return f()
}

// update is one change, done or not done.
func (d *Disk) update(change func(*bbolt.Tx) error) error {
	return d.guard(func() error { return d.db.Update(change) })
}

// begin makes the buckets of a new file.
func begin(tx *bbolt.Tx) error {
	if tx.Bucket([]byte(bucketMeta)) != nil {
		return nil
	}
	for _, name := range []string{bucketMeta, bucketVaults, bucketSeeded} {
		if _, err := tx.CreateBucket([]byte(name)); err != nil {
			return err
		}
	}
	return put(tx.Bucket([]byte(bucketMeta)), []byte(keyFormat), []byte(diskFormat))
}

// Close lets another process have the file.
func (d *Disk) Close() error {
	return errors.Join(d.db.Close(), os.Remove(filepath.Join(filepath.Dir(d.path), holderFile)))
}

// load is what was kept of vaults, and the fixture's secrets that they never had.
func (d *Disk) load(vaults []*vault, now int64) (all []*contents, err error) {
	err = d.update(func(tx *bbolt.Tx) (err error) {
		all, err = d.fill(tx, vaults, now)
		return err
	})
	return all, err
}

// reset drops what is kept of vaults, for the fixture's secrets.
func (d *Disk) reset(vaults []*vault, now int64) (all []*contents, err error) {
	err = d.update(func(tx *bbolt.Tx) (err error) {
		for _, v := range vaults {
			for _, bucket := range []string{bucketVaults, bucketSeeded} {
				if err := drop(tx.Bucket([]byte(bucket)), v.key()); err != nil {
					return err
				}
			}
		}
		all, err = d.fill(tx, vaults, now)
		return err
	})
	return all, err
}

func (d *Disk) fill(tx *bbolt.Tx, vaults []*vault, now int64) ([]*contents, error) {
	all := make([]*contents, len(vaults))
	for i, v := range vaults {
		kept, err := child(tx.Bucket([]byte(bucketVaults)), v.key())
		if err != nil {
			return nil, err
		}
		seeded, err := child(tx.Bucket([]byte(bucketSeeded)), v.key())
		if err != nil {
			return nil, err
		}
		all[i] = newContents()
		if err := d.read(kept, v, all[i]); err != nil {
			return nil, err
		}
		if err := seed(kept, seeded, v.seeds(now), all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// read takes what is kept of a vault.
func (d *Disk) read(kept *bbolt.Bucket, v *vault, c *contents) error {
	return kept.ForEach(func(key, data []byte) error {
		x, deleted, err := readKept(data)
		if err != nil {
			return d.damaged(fmt.Errorf("secret %s of vault %s: %w", key, v.Name, err))
		}
		c.place(string(key), x, deleted)
		return nil
	})
}

// seed adds the fixture's secrets that the vault never had, in the order of the bucket's keys: until it is
// written bbolt holds what is new in one piece, and moves all that follows an entry put in between.
func seed(kept, seeded *bbolt.Bucket, seeds []*version, c *contents) error {
	slices.SortFunc(seeds, func(a, b *version) int {
		return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name))
	})
	for _, s := range seeds {
		key := strings.ToLower(s.name)
		if seeded.Get([]byte(key)) != nil {
			continue
		}
		x := &secret{versions: []*version{s}, latest: s}
		if err := errors.Join(put(seeded, []byte(key), []byte{1}), writeKept(kept, key, x, nil)); err != nil {
			return err
		}
		c.place(key, x, nil)
	}
	return nil
}

// keeper writes down a vault's changes.
func (d *Disk) keeper(v *vault) func(key string, x *secret, deleted *deletion) error {
	return func(key string, x *secret, deleted *deletion) error {
		return d.update(func(tx *bbolt.Tx) error {
			return writeKept(tx.Bucket([]byte(bucketVaults)).Bucket(v.key()), key, x, deleted)
		})
	}
}

// key is the vault's name on the disk.
func (v *vault) key() []byte { return []byte(strings.ToLower(v.Host())) }

func writeKept(b *bbolt.Bucket, key string, x *secret, deleted *deletion) error {
	if x == nil && deleted == nil {
		return put(b, []byte(key), nil)
	}
	data, err := encodeKept(x, deleted)
	if err != nil {
		return err
	}
	return put(b, []byte(key), data)
}

func encodeKept(x *secret, deleted *deletion) ([]byte, error) {
	k := keptSecret{}
	if deleted != nil {
		x, k.Deleted, k.Purge = deleted.secret, deleted.date, deleted.purge
	}
	k.written = writtenOf(x.versions, x.latest)
	return json.Marshal(k)
}

func readKept(data []byte) (*secret, *deletion, error) {
	var k keptSecret
	if err := json.Unmarshal(data, &k); err != nil {
		return nil, nil, err
	}
	x, err := k.read()
	switch {
	case err != nil:
		return nil, nil, err
	case k.Purge == 0:
		return x, nil, nil
	default:
		return nil, &deletion{secret: x, date: k.Deleted, purge: k.Purge}, nil
	}
}
