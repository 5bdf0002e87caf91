package kindsetup

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// savedFile is one of the user's kubeconfig files before kind wrote to it.
type savedFile struct {
	Path    string `json:"path"`
	Existed bool   `json:"existed"`
	Folder  bool   `json:"folder"` // whether its folder existed
	Before  []byte `json:"before,omitempty"`
	After   []byte `json:"after,omitempty"` // SHA-256 of what kind left
}

// kubeconfigs are the files that kubectl and kind read and write
// (https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/).
func kubeconfigs(getenv func(string) string) []string {
	if list := getenv("KUBECONFIG"); list != "" {
		var files []string
		for _, f := range filepath.SplitList(list) {
			if f != "" {
				files = append(files, f)
			}
		}
		return files
	}
	return []string{filepath.Join(getenv("HOME"), ".kube", "config")}
}

// snapshot reads the user's files, for restore.
func snapshot(paths []string) ([]savedFile, error) {
	files := make([]savedFile, 0, len(paths))
	for _, path := range paths {
		path, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		data, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		_, folder := os.Stat(filepath.Dir(path))
		files = append(files, savedFile{Path: path, Existed: err == nil, Folder: folder == nil, Before: data})
	}
	return files, nil
}

// settle notes what kind left in the files.
func settle(files []savedFile) {
	for i, f := range files {
		if data, err := os.ReadFile(f.Path); err == nil {
			sum := sha256.Sum256(data)
			files[i].After = sum[:]
		}
	}
}

// untouched are the files that nobody has changed since kind did.
func untouched(files []savedFile) []savedFile {
	var same []savedFile
	for _, f := range files {
		data, err := os.ReadFile(f.Path)
		sum := sha256.Sum256(data)
		if err == nil && bytes.Equal(sum[:], f.After) {
			same = append(same, f)
		}
	}
	return same
}

// restore puts files back as they were, to the byte; what kind made goes.
func restore(files []savedFile) error {
	var errs error
	for _, f := range files {
		if f.Existed {
			errs = errors.Join(errs, rewrite(f.Path, f.Before))
			continue
		}
		if err := os.Remove(f.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = errors.Join(errs, err)
		}
		if !f.Folder {
			_ = os.Remove(filepath.Dir(f.Path)) // unless there is something else in it by now
		}
	}
	return errs
}

// rewrite replaces a file's content and keeps its mode and owner.
func rewrite(path string, data []byte) error {
	present, err := os.ReadFile(path)
	if err == nil && bytes.Equal(present, data) {
		return nil
	}
	return os.WriteFile(path, data, 0o600)
}
