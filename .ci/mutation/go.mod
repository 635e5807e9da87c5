module github.com/fieldlww/fieldlww/.ci/mutation

go 1.25
