"""What is handed to people outside: PDF/A by typst, workbooks by xlsxwriter."""
