// Program ledgercheck is a second opinion on the ledger's formats, in another language and on other libraries:
// golang.org/x/mod/sumdb (note and tlog) and crypto/ed25519. Its policy and cosignature code is written from the C2SP
// specifications. Built with: GO111MODULE=off GOPATH=/usr/share/gocode go build
//
//	ledgercheck trees        stdin: one JSON claim a line; exit 0 when every root and proof is what tlog computes
//	ledgercheck bundle DIR   exit 0 when DIR/entry is proven by DIR/entry.tlog-proof under DIR/policy
//	ledgercheck make         stdin: one JSON order; stdout: the proof file that Go writes for it
//	ledgercheck keys         stdin: one Ed25519 verifier key a line; exit 0 when x/mod accepts all
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const maxLine = 1 << 22 // bytes of one JSON line on stdin

// claim is what the code under test says about the tree of Size leaves "leaf 0", "leaf 1", ...
type claim struct {
	Size        int64    `json:"size"`
	Root        []byte   `json:"root"`
	Index       int64    `json:"index"`
	Inclusion   [][]byte `json:"inclusion"`
	Older       int64    `json:"older"`
	OlderRoot   []byte   `json:"older_root"`
	Consistency [][]byte `json:"consistency"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ledgercheck:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 1 && args[0] == "trees":
		return checkTrees()
	case len(args) == 2 && args[0] == "bundle":
		return checkBundle(args[1])
	case len(args) == 1 && args[0] == "make":
		return makeProof()
	case len(args) == 1 && args[0] == "keys":
		return checkKeys()
	}
	return fmt.Errorf("usage: ledgercheck trees | bundle DIR | make | keys")
}

func lines() *bufio.Scanner {
	scanner := bufio.NewScanner(os.Stdin)
	scanner.Buffer(make([]byte, 1<<16), maxLine)
	return scanner
}

// leafLog is a tlog whose leaves are "leaf 0", "leaf 1", ...
type leafLog struct {
	hashes []tlog.Hash
	size   int64
}

func (l *leafLog) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = l.hashes[index]
	}
	return found, nil
}

func (l *leafLog) append(leaf []byte) error {
	added, err := tlog.StoredHashes(l.size, leaf, l)
	l.hashes = append(l.hashes, added...)
	l.size++
	return err
}

func checkTrees() error {
	log := &leafLog{}
	checked := 0
	for scanner := lines(); scanner.Scan(); checked++ {
		var c claim
		if err := json.Unmarshal(scanner.Bytes(), &c); err != nil {
			return err
		}
		for log.size < c.Size {
			if err := log.append([]byte(fmt.Sprintf("leaf %d", log.size))); err != nil {
				return err
			}
		}
		if err := c.check(log); err != nil {
			return fmt.Errorf("claim %d, size %d: %w", checked, c.Size, err)
		}
	}
	fmt.Println(checked)
	return nil
}

func (c claim) check(log *leafLog) error {
	root, err := tlog.TreeHash(c.Size, log)
	if err != nil {
		return err
	}
	olderRoot, err := tlog.TreeHash(c.Older, log)
	if err != nil {
		return err
	}
	claimedRoot, err := toHashes([][]byte{c.Root, c.OlderRoot})
	if err != nil {
		return err
	}
	if claimedRoot[0] != root || claimedRoot[1] != olderRoot {
		return fmt.Errorf("another root")
	}
	inclusion, err := toHashes(c.Inclusion)
	if err != nil {
		return err
	}
	leaf := tlog.RecordHash([]byte(fmt.Sprintf("leaf %d", c.Index)))
	if err := tlog.CheckRecord(inclusion, c.Size, root, c.Index, leaf); err != nil {
		return fmt.Errorf("inclusion: %w", err)
	}
	consistency, err := toHashes(c.Consistency)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(consistency, c.Size, root, c.Older, olderRoot); err != nil {
		return fmt.Errorf("consistency: %w", err)
	}
	return nil
}

func toHashes(digests [][]byte) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(digests))
	for i, digest := range digests {
		if copy(hashes[i][:], digest) != tlog.HashSize || len(digest) != tlog.HashSize {
			return nil, fmt.Errorf("a hash of %d bytes", len(digest))
		}
	}
	return hashes, nil
}

func checkKeys() error {
	for scanner := lines(); scanner.Scan(); {
		if _, err := note.NewVerifier(scanner.Text()); err != nil {
			return err
		}
	}
	return nil
}

func checkBundle(dir string) error {
	policyText, err := os.ReadFile(filepath.Join(dir, "policy"))
	if err != nil {
		return err
	}
	entry, err := os.ReadFile(filepath.Join(dir, "entry"))
	if err != nil {
		return err
	}
	proofText, err := os.ReadFile(filepath.Join(dir, "entry.tlog-proof"))
	if err != nil {
		return err
	}
	policy, err := parsePolicy(policyText)
	if err != nil {
		return err
	}
	return verifyProof(proofText, entry, policy)
}

func readAll(into any) error {
	body, err := io.ReadAll(io.LimitReader(os.Stdin, maxLine))
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}
