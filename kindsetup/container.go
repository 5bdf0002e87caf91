package kindsetup

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Of the emulator's container and image.
const (
	stateInside = "/state"
	userInside  = 65532 // the Dockerfile's
	clusterTag  = "io.kindred.cluster"
	configTag   = "io.kindred.config"
	imageTag    = "io.kindred.image"
)

// container is the emulator beside a cluster.
type container struct {
	engine *engine
	name   string
	image  string
	args   []string
	dir    string            // working directory
	files  map[string][]byte // absolute paths
	ports  map[string]string // on this machine, HOST:PORT, by the port inside
	labels map[string]string
}

// hash names everything that the container is made of but for its state.
func (c *container) hash() (string, error) {
	files := make(map[string][]byte)
	for name, data := range c.files {
		if !strings.HasPrefix(name, stateInside+"/") {
			files[name] = data
		}
	}
	data, err := json.Marshal([]any{c.image, c.args, c.dir, files, c.ports})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:8]), nil
}

// up makes the container run as it should: one that does already is left alone.
func (c *container) up(ctx context.Context) (detail string, err error) {
	hash, err := c.hash()
	if err != nil {
		return "", err
	}
	found, err := c.inspect(ctx, "{{.State.Status}} {{index .Config.Labels \""+configTag+"\"}}")
	if err != nil {
		return "", err
	}
	switch found {
	case "running " + hash:
		return "running", nil
	case "exited " + hash:
		_, err := c.engine.run(ctx, "start", c.name)
		return "started again", err
	case "":
	default: // another one, or one that was never started: its files may be missing
		if err := c.remove(ctx); err != nil {
			return "", err
		}
	}
	return c.name, c.create(ctx, hash)
}

// inspect is a fact of the container; empty where there is none.
func (c *container) inspect(ctx context.Context, format string) (string, error) {
	there, err := c.engine.exists(ctx, "container", c.name)
	if err != nil || !there {
		return "", err
	}
	return c.engine.run(ctx, "container", "inspect", "--format", format, c.name)
}

// addresses are the container's, on the engine's networks.
func (c *container) addresses(ctx context.Context) ([]string, error) {
	out, err := c.inspect(ctx, "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}")
	return strings.Fields(out), err
}

func (c *container) create(ctx context.Context, hash string) error {
	args := []string{
		"create", "--name", c.name, "--hostname", c.name, "--network", c.engine.network,
		"--restart", "on-failure:1", // as kind's nodes: again after a reboot
		"--sysctl", "net.ipv4.ip_unprivileged_port_start=0",
		"--cap-drop", "ALL", "--security-opt", "no-new-privileges",
		"--workdir", c.dir, "--label", configTag + "=" + hash,
	}
	for _, name := range slices.Sorted(maps.Keys(c.labels)) {
		args = append(args, "--label", name+"="+c.labels[name])
	}
	for _, inside := range slices.Sorted(maps.Keys(c.ports)) {
		args = append(args, "--publish", c.ports[inside]+":"+inside)
	}
	args = append(append(args, c.image), c.args...)
	if err := c.make(ctx, args); err != nil {
		return err
	}
	content, err := pack(c.dir, c.files)
	if err != nil {
		return err
	}
	if _, err := c.engine.feed(ctx, content, "cp", "-", c.name+":/"); err != nil {
		return err
	}
	_, err = c.engine.run(ctx, "start", c.name)
	return err
}

// make makes the container. Where its name is in use, though there was none when up looked, the engine has
// gone on with what an up that was killed had asked for: that one goes as soon as it is there.
func (c *container) make(ctx context.Context, args []string) error {
	const tries, between = 100, 100 * time.Millisecond
	for range tries {
		_, err := c.engine.run(ctx, args...)
		if !c.taken(err) {
			return err
		}
		if err := c.remove(ctx); err != nil {
			return err
		}
		select {
		case <-time.After(between):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	_, err := c.engine.run(ctx, args...)
	return err
}

func (c *container) taken(err error) bool {
	var failed *toolError
	return errors.As(err, &failed) && strings.Contains(failed.stderr, c.name) &&
		(strings.Contains(failed.stderr, "already in use") || strings.Contains(failed.stderr, "already used"))
}

func (c *container) remove(ctx context.Context) error {
	_, err := c.engine.run(ctx, "rm", "--force", "--volumes", c.name)
	return err
}

// saveState copies what the running emulator keeps, its signing keys above all, into a folder here.
func (c *container) saveState(ctx context.Context, dir string) error {
	found, err := c.inspect(ctx, "{{.State.Status}}")
	if err != nil || found != "running" && found != "exited" { // it was never started: it keeps nothing
		return err
	}
	archive, err := c.engine.run(ctx, "cp", c.name+":"+stateInside, "-")
	if err != nil {
		return err
	}
	return unpack(strings.NewReader(archive), dir)
}

// pack is an archive of files, and of the folders above them and the working directory, for the container's user.
func pack(workdir string, files map[string][]byte) (io.Reader, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	folders := map[string]bool{workdir: true}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for dir := path.Dir(name); dir != "/" && !folders[dir]; dir = path.Dir(dir) {
			folders[dir] = true
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(folders)) {
		if dir == "/" {
			continue
		}
		if err := entry(w, tar.TypeDir, dir+"/", 0o755, nil); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := entry(w, tar.TypeReg, name, 0o600, files[name]); err != nil {
			return nil, err
		}
	}
	return &out, w.Close()
}

func entry(w *tar.Writer, kind byte, name string, mode int64, data []byte) error {
	if err := w.WriteHeader(&tar.Header{
		Typeflag: kind, Name: strings.TrimPrefix(name, "/"), Mode: mode,
		Uid: userInside, Gid: userInside, Size: int64(len(data)),
	}); err != nil {
		return err
	}
	_, err := w.Write(data)
	return err
}

// unpack writes the regular files of an archive into a folder; folders in it are left out.
func unpack(archive io.Reader, dir string) error {
	for r := tar.NewReader(archive); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the emulator's state: %w", err)
		}
		if h.Typeflag != tar.TypeReg || strings.HasSuffix(h.Name, ".db") { // vaults are not copied from under a kindred that runs
			continue
		}
		data, err := io.ReadAll(r)
		if err != nil {
			return fmt.Errorf("the emulator's state: %w", err)
		}
		if err := replace(filepath.Join(dir, path.Base(h.Name)), data); err != nil {
			return err
		}
	}
}
