package scenarios

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	core "k8s.io/api/core/v1"

	"github.com/kindred-emulator/kindred/kindsetup"
)

// podWorkload is a workload in the cluster.
type podWorkload struct {
	cluster *kindsetup.Cluster
	objects string // what is applied
	of      Workload
	goes    bool // on and on, until it is removed
}

// workload is the scenario's manifest, or the pod that stands for its fields.
func (k *Kind) workload(ctx context.Context, s Scenario) (*podWorkload, error) {
	w := &podWorkload{cluster: k.cluster, of: s.Of, goes: len(s.While) > 0}
	if s.Manifest == "" {
		return w, k.pod(ctx, s, w)
	}
	manifest, err := os.ReadFile(filepath.Join(k.Files, s.Manifest))
	w.objects = string(manifest)
	if w.of.Namespace == "" {
		w.of.Namespace = "default"
	}
	return w, err
}

// apply makes the workload's objects.
func (w *podWorkload) apply(ctx context.Context) error {
	_, err := w.cluster.Kubectl(ctx, w.objects, "apply", "--filename=-")
	return err
}

func (w *podWorkload) remove(ctx context.Context) error {
	_, err := w.cluster.Kubectl(ctx, w.objects, "delete", "--ignore-not-found", "--grace-period=1", "--filename=-")
	return err
}

// kubectl runs kubectl in the workload's namespace.
func (w *podWorkload) kubectl(ctx context.Context, args ...string) (string, error) {
	return w.cluster.Kubectl(ctx, "", append([]string{"--namespace=" + w.of.Namespace}, args...)...)
}

var errNothingYet = errors.New("the workload has neither ended nor printed anything")

// outcome makes the workload and waits until it has ended or printed something. One that the API
// server does not take has failed with what that said.
func (w *podWorkload) outcome(ctx context.Context) (o outcome, err error) {
	if err := w.apply(ctx); err != nil {
		return outcome{err: err, stderr: err.Error()}, nil
	}
	err = until(ctx, func() (err error) {
		o, err = w.look(ctx)
		return err
	})
	if err != nil {
		return o, fmt.Errorf("%w\n%s", err, w.describe(context.WithoutCancel(ctx)))
	}
	return o, nil
}

// describe is what the API server knows of the workload's pods.
func (w *podWorkload) describe(ctx context.Context) string {
	text, err := w.kubectl(ctx, "describe", "pods", "--selector="+w.of.Selector)
	if err != nil {
		return err.Error()
	}
	events, err := w.kubectl(ctx, "events")
	return text + "\n" + events + fmt.Sprint(err)
}

// look is the outcome so far.
func (w *podWorkload) look(ctx context.Context) (outcome, error) {
	pods, err := w.pods(ctx)
	if err != nil {
		return outcome{}, err
	}
	for _, pod := range pods {
		for _, c := range append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...) {
			ended := c.State.Terminated
			if ended == nil {
				ended = c.LastTerminationState.Terminated
			}
			if w.of.Container != "" && c.Name != w.of.Container || ended == nil && (!w.goes || c.State.Running == nil) {
				continue
			}
			log, err := w.kubectl(ctx, "logs", pod.Name, "--container="+c.Name)
			if err != nil {
				return outcome{}, err
			}
			if ended == nil && log == "" {
				continue
			}
			o := outcome{stdout: lastLine(log), stderr: log}
			if ended != nil && ended.ExitCode != 0 {
				o.err = fmt.Errorf("exit status %d", ended.ExitCode)
			}
			return o, nil
		}
	}
	return outcome{}, errNothingYet
}

func (w *podWorkload) pods(ctx context.Context) ([]core.Pod, error) {
	out, err := w.kubectl(ctx, "get", "pods", "--selector="+w.of.Selector, "--output=json")
	if err != nil {
		return nil, err
	}
	var list core.PodList
	return list.Items, json.Unmarshal([]byte(out), &list)
}

// fields compares fields of the pod with what they must be.
func (w *podWorkload) fields(ctx context.Context, want map[string]string) error {
	for path, value := range want {
		got, err := w.kubectl(ctx, "get", "pods", "--selector="+w.of.Selector, "--output=jsonpath={.items[0]"+path+"}")
		if err != nil {
			return err
		}
		if got != value {
			return fmt.Errorf("%s is %q instead of %q", path, got, value)
		}
	}
	return nil
}

// goesOn waits until the workload, which must not end, has printed the value again and again from now.
func (w *podWorkload) goesOn(ctx context.Context, value string) error {
	const times = 3
	begin := time.Now().UTC().Format(time.RFC3339)
	var log string
	err := until(ctx, func() (err error) {
		log, err = w.kubectl(ctx, "logs", "--selector="+w.of.Selector, "--since-time="+begin, "--tail=-1")
		if err == nil && !strings.HasSuffix("\n"+log, strings.Repeat("\n"+value, times)) {
			err = errNothingYet
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("it did not go on: %w\n%s", err, log)
	}
	return nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
