package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// client is one program that reads a secret.
type client struct {
	name    string
	needs   []string // programs on the PATH
	dir     string   // where the libraries go, if it has any
	prepare func(ctx context.Context, dir string) error
	command []string
	// authority says that it works with AZURE_AUTHORITY_HOST at kindred: it does not ask
	// login.microsoftonline.com for instance discovery, or does not mind if nothing answers.
	authority bool
	// resolves says that it then asks the system's resolver for *.vault.localhost.
	resolves bool
}

// all lists the clients. The libraries are those of the lock files in sources.
func all(quickstart, sources, cache string) []client {
	at := func(parts ...string) string { return filepath.Join(append([]string{sources}, parts...)...) }
	python := library(cache, "python", at("python", "requirements.txt"))
	javascript := library(cache, "javascript", at("javascript", "package-lock.json"))
	java := library(cache, "java", at("java", "pom.xml"))
	interpreter := filepath.Join(python, "venv", "bin", "python")
	return []client{
		{name: "Go", command: []string{quickstart}},
		{name: "curl", needs: []string{"curl", "jq"}, command: []string{"sh", at("curl", "read.sh")}, authority: true},
		{
			name: "Python, azure-identity", needs: []string{"python3"}, dir: python,
			prepare: preparePython(at("python", "requirements.txt")),
			command: []string{interpreter, at("python", "read.py")}, authority: true, resolves: true,
		},
		{
			name: "Python, MSAL", needs: []string{"python3"}, dir: python,
			prepare: preparePython(at("python", "requirements.txt")),
			command: []string{interpreter, "-W", "ignore::DeprecationWarning", at("python", "read_msal.py")},
		},
		{
			name: "JavaScript", needs: []string{"node", "npm"}, dir: javascript,
			prepare: prepareJavaScript(at("javascript")),
			command: []string{"node", filepath.Join(javascript, "read.js")},
		},
		{
			name: "Java", needs: []string{"java", "javac", "mvn"}, dir: java,
			prepare:   prepareJava(at("java")),
			command:   []string{"java", "-cp", filepath.Join(java, "classes") + ":" + filepath.Join(java, "dependency", "*"), "Read"},
			authority: true, resolves: true,
		},
	}
}

// library is a folder of the cache that is named after what a lock file holds.
func library(cache, language, lock string) string {
	data, err := os.ReadFile(lock)
	if err != nil {
		return filepath.Join(cache, language) // preparing it names the error
	}
	sum := sha256.Sum256(data)
	return filepath.Join(cache, language+"-"+hex.EncodeToString(sum[:6]))
}

// missing is a program that the client needs and that is not here; empty where there is none.
func (c client) missing() string {
	for _, program := range c.needs {
		if _, err := exec.LookPath(program); err != nil {
			return program
		}
	}
	return ""
}

// ready installs the client's libraries unless they are there.
func (c client) ready(ctx context.Context) error {
	if c.prepare == nil {
		return nil
	}
	done := filepath.Join(c.dir, "done")
	if _, err := os.Stat(done); err == nil {
		return nil
	}
	err := errors.Join(os.RemoveAll(c.dir), os.MkdirAll(c.dir, 0o700))
	if err == nil {
		err = c.prepare(ctx, c.dir)
	}
	if err == nil {
		err = os.WriteFile(done, nil, 0o600)
	}
	if err != nil {
		return fmt.Errorf("its libraries cannot be installed: %w", err)
	}
	return nil
}

func preparePython(requirements string) func(context.Context, string) error {
	return func(ctx context.Context, dir string) error {
		venv := filepath.Join(dir, "venv")
		return errors.Join(
			execute(ctx, "", "python3", "-m", "venv", venv),
			execute(ctx, "", filepath.Join(venv, "bin", "pip"), "install", "--quiet", "--require-hashes", "-r", requirements),
		)
	}
}

func prepareJavaScript(source string) func(context.Context, string) error {
	return func(ctx context.Context, dir string) error {
		return errors.Join(os.CopyFS(dir, os.DirFS(source)), execute(ctx, dir, "npm", "ci", "--ignore-scripts", "--no-fund", "--no-audit"))
	}
}

func prepareJava(source string) func(context.Context, string) error {
	return func(ctx context.Context, dir string) error {
		target, err := filepath.Abs(dir)
		if err != nil {
			return err
		}
		return execute(ctx, "", "mvn", "-q", "-B", "-f", filepath.Join(source, "pom.xml"), "-Dtarget="+target, "compile")
	}
}

// execute runs a program; its output is part of the error.
func execute(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
