package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/command"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// recipe is what a Dockerfile says.
type recipe struct {
	copies          []copied
	user            string
	ports           map[string]struct{}
	entrypoint, cmd []string
}

// copied is a file of the context, and its place in the image.
type copied struct{ from, to string }

// read reads a Dockerfile. What it would not build as docker does is an error with its line.
func read(file string) (*recipe, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	parsed, err := parser.Parse(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	r := &recipe{ports: make(map[string]struct{})}
	for _, n := range parsed.AST.Children {
		if err := r.take(n); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, n.StartLine, err)
		}
	}
	return r, nil
}

func (r *recipe) take(n *parser.Node) error {
	var words []string
	for w := n.Next; w != nil; w = w.Next {
		words = append(words, w.Value)
	}
	switch name := strings.ToLower(n.Value); {
	case len(n.Flags) > 0 || len(words) == 0:
		return fmt.Errorf("%s: not a form that is known here", n.Original)
	case name == command.From && len(words) == 1 && words[0] == "scratch":
	case name == command.Copy && len(words) == 2:
		r.copies = append(r.copies, copied{words[0], words[1]})
	case name == command.User && len(words) == 1:
		r.user = words[0]
	case name == command.Expose:
		for _, port := range words {
			r.ports[port+"/tcp"] = struct{}{}
		}
	case name == command.Entrypoint && n.Attributes["json"]:
		r.entrypoint = words
	case name == command.Cmd && n.Attributes["json"]:
		r.cmd = words
	default:
		return fmt.Errorf("%s: not an instruction that is known here", n.Original)
	}
	return nil
}
