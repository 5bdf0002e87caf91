package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/kindred-emulator/kindred/scenarios"
)

// vals builds a program that others wrote for Azure (https://github.com/helmfile/vals), as their module
// is pinned in sources, and runs it as a pod.
func (o *options) vals(ctx context.Context, k *scenarios.Kind) error {
	source := filepath.Join(o.sources, "vals")
	dir, err := filepath.Abs(library(o.cache, "vals", filepath.Join(source, "go.sum")))
	if err != nil {
		return err
	}
	program := filepath.Join(dir, "vals")
	if _, err := os.Stat(program); err != nil {
		if err := execute(ctx, source, "env", "CGO_ENABLED=0", "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, "github.com/helmfile/vals/cmd/vals"); err != nil {
			return err
		}
	}
	if err := k.LoadProgram(ctx, "localhost/vals:dev", program); err != nil {
		return err
	}
	return k.Run(ctx, scenarios.Scenario{
		Manifest: "manifests/vals.yaml",
		Of:       scenarios.Workload{Selector: "app=vals"},
		Expect:   scenarios.Expect{Output: expected},
	})
}
