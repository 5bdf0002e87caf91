//go:build !linux

package main

import (
	"context"
	"fmt"
)

func fullDisk(context.Context, string) error {
	_, err := fmt.Println("not done: a full disk, which needs Linux")
	return err
}

func fullDiskIn(context.Context, string, string) error { return nil }
