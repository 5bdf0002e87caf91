package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/kindred-emulator/kindred/kindsetup"
)

// machine is what there is: the engine's objects and the user's files, each with what it holds.
type machine map[string]string

// machine looks at everything that `up` could leave behind.
func (l *life) machine(ctx context.Context) (machine, error) {
	m := make(machine)
	engine, err := kindsetup.EngineTool(os.Getenv)
	if err != nil {
		return nil, err
	}
	for _, list := range []string{"ps --all --quiet --no-trunc", "network ls --quiet --no-trunc", "volume ls --quiet", "image ls --quiet --no-trunc"} {
		out, err := exec.CommandContext(ctx, engine, strings.Fields(list)...).Output()
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", engine, list, err)
		}
		kind, _, _ := strings.Cut(list, " ")
		for _, id := range strings.Fields(string(out)) {
			m[kind+" "+id] = ""
		}
	}
	err = filepath.WalkDir(l.home, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		m["file "+path] = string(data)
		return err
	})
	return m, err
}

// compare says what is not as it was.
func (m machine) compare(after machine) error {
	var differences []string
	for name, was := range m {
		is, there := after[name]
		switch {
		case !there:
			differences = append(differences, name+" is gone")
		case is != was:
			differences = append(differences, fmt.Sprintf("%s was %q and is %q", name, was, is))
		}
	}
	for name := range after {
		if _, was := m[name]; !was {
			differences = append(differences, name+" is new")
		}
	}
	if len(differences) > 0 {
		return errors.New(strings.Join(differences, "\n  "))
	}
	return nil
}
