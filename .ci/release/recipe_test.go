package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTheDockerfilesAreUnderstood(t *testing.T) {
	for _, file := range []string{"../../Dockerfile", "../../scenarios/quickstart/Dockerfile"} {
		r, err := read(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.copies) != 1 || len(r.entrypoint) != 1 || r.user != "65532:65532" {
			t.Errorf("%s: %+v", file, r)
		}
	}
}

// What this does not build as docker would is named with its line.
func TestOtherInstructionsAreRefused(t *testing.T) {
	for _, line := range []string{"RUN true", "FROM debian", "COPY --chown=1:1 a /a", "COPY a b /c/", "CMD serve", "ENV A=b"} {
		file := filepath.Join(t.TempDir(), "Dockerfile")
		if err := os.WriteFile(file, []byte("FROM scratch\n"+line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := read(file); err == nil || !strings.Contains(err.Error(), "Dockerfile:2: "+line) {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// The same file gives the same image, whenever it was written and whatever its mode.
func TestTheSameBytesGiveTheSameImage(t *testing.T) {
	made := time.Unix(1_700_000_000, 0).UTC()
	digest := func(mode os.FileMode, written time.Time) string {
		dir := t.TempDir()
		file := filepath.Join(dir, "program")
		if err := os.WriteFile(file, []byte("program"), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, written, written); err != nil {
			t.Fatal(err)
		}
		r := &recipe{copies: []copied{{"program", "/program"}}, entrypoint: []string{"/program"}}
		image, err := r.build(dir, made)
		if err != nil {
			t.Fatal(err)
		}
		d, err := image.Digest()
		if err != nil {
			t.Fatal(err)
		}
		return d.String()
	}
	if a, b := digest(0o600, made), digest(0o755, made.Add(time.Hour)); a != b {
		t.Errorf("%s and %s", a, b)
	}
}
