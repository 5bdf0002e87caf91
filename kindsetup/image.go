package kindsetup

import (
	"context"
	"crypto/sha256"
	"debug/elf"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// dockerfile is the Dockerfile at the top of the repository, which a program cannot read.
//
//go:embed Dockerfile
var dockerfile []byte

// imageOf is the image of a program, named after what is in it.
func imageOf(program string) (string, error) {
	f, err := os.Open(program)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // only read
	sum := sha256.New()
	_, _ = sum.Write(dockerfile)
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return "localhost/kindred:" + hex.EncodeToString(sum.Sum(nil)[:6]), nil
}

// static checks that a program runs in an empty container.
func static(program string) error {
	const advice = "build one with `CGO_ENABLED=0 GOOS=linux go build ./cmd/kindred` and name it with --program"
	f, err := elf.Open(program)
	if err != nil {
		return fmt.Errorf("%s is no Linux program, and kindred runs in a container: %s", program, advice)
	}
	defer func() { _ = f.Close() }() // only read
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return fmt.Errorf("%s needs libraries that its container does not have: %s", program, advice)
		}
	}
	return nil
}

// buildImage builds the image from the Dockerfile and the program, and nothing else.
func (e *engine) buildImage(ctx context.Context, image, program string) (err error) {
	dir, err := os.MkdirTemp("", "kindred-image-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.MkdirAll(filepath.Join(dir, "bin"), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), dockerfile, 0o600); err != nil {
		return err
	}
	if err := copyProgram(filepath.Join(dir, "bin", "kindred"), program); err != nil {
		return err
	}
	_, err = e.run(ctx, "build", "--quiet", "--label", imageTag+"="+image, "--tag", image, dir)
	return err
}

// removeImage removes an image. What an up that was killed had begun to build may have come out as another
// one, whose name was then taken by this.
func (e *engine) removeImage(ctx context.Context, image string) error {
	_, err := e.run(ctx, "rmi", image)
	_, _ = e.run(ctx, "image", "prune", "--force", "--filter", "label="+imageTag+"="+image) // mostly there is none
	return err
}

func copyProgram(to, from string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()                                     // only read
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755) //nolint:gosec // a container runs it as another user
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
