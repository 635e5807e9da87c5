module github.com/fieldlww/fieldlww/examples/cluster

go 1.26.0

replace github.com/fieldlww/fieldlww => ../..

replace github.com/fieldlww/fieldlww/examples/syncserver => ../syncserver

require github.com/fieldlww/fieldlww v0.0.0-00010101000000-000000000000
