package kindsetup

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Down removes all that Up made of a cluster, also where the cluster's folder is gone, and nothing else. It
// says what there was.
func Down(ctx context.Context, c Config) (removed []string, err error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	_, err = Load(c.Dir)
	switch {
	case errors.Is(err, ErrNoCluster):
		return c.takeStrayDown(ctx)
	case err != nil:
		return nil, err
	}
	unlock, err := lock(c.Dir, c.Name)
	if err != nil {
		return nil, err
	}
	defer unlock()
	e, record, err := c.find(ctx)
	if err != nil {
		return nil, err
	}
	return takeDown(ctx, e, c.Dir, record)
}

// takeStrayDown is Down for a cluster of which there is no record here. For what is not there, there is no lock.
func (c *Config) takeStrayDown(ctx context.Context) (removed []string, err error) {
	e, record, err := c.findStray(ctx)
	if err != nil {
		return nil, err
	}
	unlock, err := lock(c.Dir, c.Name)
	if err != nil {
		return nil, err
	}
	defer unlock()
	return takeDown(ctx, e, c.Dir, record)
}

// takeDown goes on after an error, so that as little as possible stays.
func takeDown(ctx context.Context, e *engine, dir string, r *Record) (removed []string, err error) {
	note := func(what string, was bool, failed error) {
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("%s: %w", what, failed))
		} else if was {
			removed = append(removed, what)
		}
	}
	c := &container{engine: e, name: emulatorName(r.Name)}
	there, failed := e.exists(ctx, "container", c.name)
	if there {
		failed = c.remove(ctx)
	}
	note("container "+c.name, there, failed)

	there, failed = e.hasCluster(r.Name)
	same := untouched(r.Kubeconfig)
	if there {
		failed = e.provider.Delete(r.Name, "")
	}
	note("cluster "+r.Name, there, failed)
	note("kubeconfig context kind-"+r.Name, there, restore(same))

	if r.MadeImage {
		failed = e.removeImage(ctx, r.Image)
		note("image "+r.Image, failed == nil, nil) // another cluster may use it
	}
	if r.MadeNetwork {
		_, failed = e.run(ctx, "network", "rm", e.network)
		note("network "+e.network, failed == nil, nil) // another cluster may use it
	}
	if folder, _ := os.Stat(dir); err == nil && folder != nil {
		note("folder "+dir, true, os.RemoveAll(dir))
	}
	return removed, err
}
