// Command release makes the container images reproducibly: the same program gives the same bytes,
// whenever, wherever and however often it is done. It reads a Dockerfile that begins with an empty
// image, copies programs and says how they are run, which is all that there is; then
//
//	docker load --input bin/kindred.tar
//
// Usage: release -tag kindred:1.0 -time UNIXSECONDS -output bin/kindred.tar Dockerfile
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run() error {
	tag := flag.String("tag", "", "the image's name")
	seconds := flag.Int64("time", 0, "when it was made, in Unix seconds: the commit's, not the clock's")
	output := flag.String("output", "", "the archive to write, for docker load")
	context := flag.String("context", ".", "the folder that COPY copies from")
	flag.Parse()
	if flag.NArg() != 1 || *tag == "" || *output == "" {
		return errors.New("-tag, -output and a Dockerfile are needed")
	}
	reference, err := name.NewTag(*tag)
	if err != nil {
		return err
	}
	recipe, err := read(flag.Arg(0))
	if err != nil {
		return err
	}
	image, err := recipe.build(*context, time.Unix(*seconds, 0).UTC())
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(*output), 0o755); err != nil {
		return err
	}
	if err := tarball.WriteToFile(*output, reference, image); err != nil {
		return err
	}
	digest, err := image.Digest()
	if err != nil {
		return err
	}
	_, err = fmt.Println(*tag, digest, "time", strconv.FormatInt(*seconds, 10))
	return err
}
