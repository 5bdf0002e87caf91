package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// files is the directory of a Store, locked against other processes; nil stands for memory.
type files struct {
	dir  string
	lock *flock.Flock
}

func openFiles(dir string) (*files, error) {
	if dir == "" {
		return nil, nil //nolint:nilnil // nil is the store in memory, see the type
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("state directory: %w (--state names another)", err)
	}
	lock := flock.New(filepath.Join(dir, ".lock"), flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		return nil, fmt.Errorf("state directory %s: lock: %w", dir, err)
	}
	return &files{dir: dir, lock: lock}, nil
}

func (f *files) unlock() {
	if f != nil {
		_ = f.lock.Unlock() // the lock goes with the process in any case
	}
}

func (f *files) path(name string) string { return filepath.Join(f.dir, name) }

// read returns nil for a file that is not there.
func (f *files) read(name string) ([]byte, error) {
	if f == nil {
		return nil, nil
	}
	data, err := os.ReadFile(f.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// write replaces a file whole or not at all; only its owner can read it.
func (f *files) write(name string, data []byte) error {
	if f == nil {
		return nil
	}
	return WriteFile(f.path(name), data)
}

// WriteFile replaces a file whole or not at all, synced to disk, with mode 0600.
func WriteFile(path string, data []byte) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(tmp.Name()))
		}
	}()
	_, err = tmp.Write(data)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
