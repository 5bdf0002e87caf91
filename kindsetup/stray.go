package kindsetup

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// found is what the engine has under the name of a cluster of which there is no record here.
type found struct {
	cluster, container bool
	// ours says that all of it has kindred's marks: the container its label, the node its keys from a
	// cluster's folder.
	ours   bool
	folder string // that folder, of the kindred which made the cluster; empty without a node
	image  string // the emulator's; empty without its container
}

// findStray is find for a cluster of which there is no record here. Without an engine there is none.
func (c *Config) findStray(ctx context.Context) (*engine, *Record, error) {
	e, err := findEngine(c.Getenv, &kindLog{})
	if err != nil || e.check(ctx) != nil {
		return nil, nil, ErrNoCluster
	}
	f, err := e.lookFor(ctx, c.Name)
	if err != nil {
		return nil, nil, err
	}
	r, err := f.record(c.Name)
	return e, r, err
}

// lookFor tells what kindred made from what others did.
func (e *engine) lookFor(ctx context.Context, name string) (f found, err error) {
	c := &container{engine: e, name: emulatorName(name)}
	marks, err := c.inspect(ctx, `{{.Config.Image}} {{index .Config.Labels "`+clusterTag+`"}}`)
	if err != nil {
		return f, err
	}
	image, tag, _ := strings.Cut(marks, " ")
	f.container, f.image = marks != "", image
	if f.cluster, err = e.hasCluster(name); err != nil {
		return f, err
	}
	if f.cluster {
		f.folder, err = e.folderOf(ctx, name)
	}
	f.ours = (f.cluster || f.container) && f.cluster == (f.folder != "") && f.container == (tag == name)
	return f, err
}

// folderOf is the folder from which a cluster's only node has its keys; empty where it has none.
func (e *engine) folderOf(ctx context.Context, name string) (string, error) {
	all, err := e.provider.ListInternalNodes(name)
	if err != nil || len(all) != 1 {
		return "", err
	}
	key, err := e.run(ctx, "container", "inspect", "--format",
		`{{range .Mounts}}{{if eq .Destination "`+nodeKey+`"}}{{.Source}}{{end}}{{end}}`, all[0].String())
	if err != nil || key == "" {
		return "", err
	}
	return filepath.Dir(filepath.Dir(strings.TrimPrefix(key, "/host_mnt"))), nil // the prefix is Docker Desktop's
}

// taken says why a new cluster cannot have the name; nil where nobody has it.
func (f *found) taken(name string) error {
	switch {
	case f.ours && f.hasRecord():
		return f.another(name)
	case f.ours:
		return fmt.Errorf("there is a cluster %s of kindred's whose record is gone: take another --name, or remove it (kindred cluster down --name %s)", name, name)
	case f.cluster:
		return fmt.Errorf("there is a kind cluster %s that kindred did not make: take another --name, or remove it (kind delete cluster --name %s)", name, name)
	case f.container:
		return fmt.Errorf("there is a container %s that kindred did not make: take another --name, or remove it", emulatorName(name))
	}
	return nil
}

// record is one of what a kindred made whose own record is gone. There is none where another kindred has
// it, or nothing is kindred's.
func (f *found) record(name string) (*Record, error) {
	switch {
	case !f.ours:
		return nil, ErrNoCluster
	case f.hasRecord():
		return nil, f.another(name)
	}
	return &Record{Name: name, Image: f.image, MadeImage: f.container}, nil
}

func (f *found) hasRecord() bool {
	if f.folder == "" {
		return false
	}
	_, err := os.Stat(filepath.Join(f.folder, recordFile))
	return err == nil
}

func (f *found) another(name string) error {
	return fmt.Errorf("there is a cluster %s of another kindred, whose folder is %s: take another --name, or take it down with that one's --state", name, f.folder)
}
