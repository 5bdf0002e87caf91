package main

import (
	"io"
	"path/filepath"

	"github.com/kindred-emulator/kindred/emulator/directory"
	"github.com/kindred-emulator/kindred/fixtures/lint"
)

// The part of SARIF 2.1.0 that code scanning reads
// (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html).
type sarif struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool    sarifTool     `json:"tool"`
	Results []sarifResult `json:"results"`
}

type sarifTool struct {
	Driver struct {
		Name    string      `json:"name"`
		Version string      `json:"version"`
		Rules   []sarifRule `json:"rules"`
	} `json:"driver"`
}

type sarifRule struct {
	ID            string       `json:"id"`
	Description   sarifText    `json:"shortDescription"`
	Configuration sarifDefault `json:"defaultConfiguration"`
}

type sarifDefault struct {
	Level lint.Severity `json:"level"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifResult struct {
	Rule      string          `json:"ruleId"`
	Level     lint.Severity   `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations"`
}

type sarifLocation struct {
	Physical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region struct {
			Line   int `json:"startLine,omitempty"`
			Column int `json:"startColumn,omitempty"`
		} `json:"region"`
	} `json:"physicalLocation"`
}

func writeSARIF(w io.Writer, r *lint.Report) error {
	run := sarifRun{Results: []sarifResult{}}
	run.Tool.Driver.Name, run.Tool.Driver.Version = "kindred", version
	for _, rule := range lint.Rules() {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{rule.Name, sarifText{rule.Summary}, sarifDefault{rule.Severity}})
	}
	for _, f := range r.Findings() {
		text := f.Object + ": " + f.Text
		if f.Fix != "" {
			text += ". Fix: " + f.Fix
		}
		run.Results = append(run.Results, sarifResult{f.Rule, f.Severity, sarifText{text}, []sarifLocation{location(f.At)}})
	}
	return writeJSON(w, sarif{"https://json.schemastore.org/sarif-2.1.0.json", "2.1.0", []sarifRun{run}})
}

func location(at directory.Position) (l sarifLocation) {
	l.Physical.Artifact.URI = filepath.ToSlash(at.File)
	l.Physical.Region.Line, l.Physical.Region.Column = at.Line, at.Column
	return l
}
