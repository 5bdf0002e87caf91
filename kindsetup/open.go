package kindsetup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/kind/pkg/cluster/nodeutils"
)

// Cluster is one that Up made, for who works with it.
type Cluster struct {
	Record *Record
	engine *engine
	node   *node
}

// Open finds a cluster.
func Open(ctx context.Context, c Config) (*Cluster, error) {
	e, record, err := c.find(ctx)
	if err != nil {
		return nil, err
	}
	n, err := e.node(c.Name)
	if err != nil {
		return nil, err
	}
	return &Cluster{Record: record, engine: e, node: n}, nil
}

// find is the engine, which works, and the record of the cluster, which there is.
func (c *Config) find(ctx context.Context) (*engine, *Record, error) {
	if err := c.validate(); err != nil {
		return nil, nil, err
	}
	record, err := Load(c.Dir)
	if err != nil {
		return nil, nil, err
	}
	e, err := findEngine(c.Getenv, &kindLog{})
	if err != nil {
		return nil, nil, err
	}
	return e, record, e.check(ctx)
}

// Kubectl runs the node's kubectl as the cluster's administrator and gives its output.
func (c *Cluster) Kubectl(ctx context.Context, stdin string, args ...string) (string, error) {
	return c.node.kubectl(ctx, stdin, args...)
}

// Node runs a program in the node.
func (c *Cluster) Node(ctx context.Context, program string, args ...string) (string, error) {
	return c.node.run(ctx, "", program, args...)
}

// Engine runs the container engine's own tool.
func (c *Cluster) Engine(ctx context.Context, args ...string) (string, error) {
	return c.engine.run(ctx, args...)
}

// NodeName is the name of the node's container.
func (c *Cluster) NodeName() string { return c.node.String() }

// EmulatorName is the name of kindred's container.
func (c *Cluster) EmulatorName() string { return emulatorName(c.Record.Name) }

// LoadImages gives the cluster images that the engine has.
func (c *Cluster) LoadImages(ctx context.Context, images ...string) (err error) {
	for _, image := range images {
		there, err := c.engine.exists(ctx, "image", image)
		if err != nil {
			return err
		}
		if !there {
			return fmt.Errorf("%s has no image %s: build or pull it first", c.engine.tool, image)
		}
	}
	dir, err := os.MkdirTemp("", "kindred-load-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	archive := filepath.Join(dir, "images.tar")
	if _, err := c.engine.run(ctx, append([]string{"save", "--output", archive}, images...)...); err != nil {
		return err
	}
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	return nodeutils.LoadImageArchive(c.node, f)
}
