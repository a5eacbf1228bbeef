from __future__ import annotations

from casare_rpa.engine.envelopes import acts_outside
from casare_rpa.nodes.base import Node
from tests.nodes.test_docs import CLASSES

ACTING = {
    *("AppendFileNode", "CopyFileNode", "CreateDirectoryNode", "DeleteFileNode"),
    *("FileSystemSuperNode", "MoveFileNode", "StructuredDataSuperNode", "UnzipFilesNode"),
    *("WriteCSVNode", "WriteFileNode", "WriteJSONFileNode", "WriteXMLFileNode", "ZipFilesNode"),
    *("DeleteEmailNode", "EmailSuperNode", "MarkEmailNode", "MoveEmailNode"),
    *("ReadEmailsNode", "SaveAttachmentNode", "SendEmailNode"),
    *("FTPDeleteNode", "FTPDownloadNode", "FTPMakeDirNode", "FTPRemoveDirNode"),
    *("FTPRenameNode", "FTPUploadNode"),
    *("HttpDownloadFileNode", "HttpRequestNode", "HttpSuperNode", "HttpUploadFileNode"),
    *("DriveBatchCopyNode", "DriveBatchDeleteNode", "DriveBatchDownloadNode"),
    *("DriveBatchMoveNode", "DriveCopyFileNode", "DriveCreateFolderNode"),
    *("DriveCreateShareLinkNode", "DriveDeleteFileNode", "DriveDownloadFileNode"),
    *("DriveDownloadFolderNode", "DriveExportFileNode", "DriveMoveFileNode"),
    *("DriveRemoveShareNode", "DriveRenameFileNode", "DriveShareFileNode"),
    *("DriveUploadFileNode",),
    *("SheetsAddSheetNode", "SheetsAppendRowNode", "SheetsAutoResizeNode"),
    *("SheetsBatchClearNode", "SheetsBatchUpdateNode", "SheetsClearRangeNode"),
    *("SheetsCopySheetNode", "SheetsCreateSpreadsheetNode", "SheetsDeleteColumnNode"),
    *("SheetsDeleteRowNode", "SheetsDeleteSheetNode", "SheetsDuplicateSheetNode"),
    *("SheetsFormatCellsNode", "SheetsInsertColumnNode", "SheetsInsertRowNode"),
    *("SheetsRenameSheetNode", "SheetsSetCellNode", "SheetsUpdateRowNode"),
    *("SheetsWriteCellNode", "SheetsWriteRangeNode"),
    *("GmailAddLabelNode", "GmailArchiveEmailNode", "GmailBatchDeleteNode"),
    *("GmailBatchModifyNode", "GmailBatchSendNode", "GmailCreateDraftNode"),
    *("GmailDeleteEmailNode", "GmailForwardEmailNode", "GmailGetAttachmentNode"),
    *("GmailMarkAsReadNode", "GmailMarkAsUnreadNode", "GmailModifyLabelsNode"),
    *("GmailMoveToTrashNode", "GmailRemoveLabelNode", "GmailReplyToEmailNode"),
    *("GmailSendDraftNode", "GmailSendEmailNode", "GmailSendWithAttachmentNode"),
    *("GmailStarEmailNode", "GmailTrashEmailNode"),
    *("RunBatchScriptNode", "RunJavaScriptNode", "RunPythonFileNode", "RunPythonScriptNode"),
    *("EnvironmentVariableNode", "LogToFileNode", "ProcessKillNode", "RunCommandNode"),
    *("ExtractPDFPagesNode", "MergePDFsNode", "PDFToImagesNode", "SplitPDFNode"),
    *("ImageConvertNode", "QRCodeNode"),
    *("ExcelCloseNode", "WordCloseNode"),
    *("DatabaseSuperNode", "ExecuteBatchNode", "ExecuteNonQueryNode"),
    *("BrowserAlertHandleNode", "BrowserEvaluateNode", "BrowserRunScriptNode", "ClickElementNode"),
    *("CookieManagementNode", "DownloadFileNode", "FormFillerNode", "ImageClickNode"),
    *("PressKeyNode", "RefreshPageNode", "ScreenshotNode", "SelectDropdownNode", "TypeTextNode"),
    *("TelegramAnswerCallbackNode", "TelegramDeleteMessageNode", "TelegramEditMessageNode"),
    *("TelegramSendDocumentNode", "TelegramSendLocationNode", "TelegramSendMediaGroupNode"),
    *("TelegramSendMessageNode", "TelegramSendPhotoNode"),
    *("WhatsAppSendDocumentNode", "WhatsAppSendImageNode", "WhatsAppSendInteractiveNode"),
    *("WhatsAppSendLocationNode", "WhatsAppSendMessageNode", "WhatsAppSendTemplateNode"),
    *("WhatsAppSendVideoNode", "OAuth2TokenExchangeNode"),
    *("AIAgentNode", "VectorStoreAddNode", "VectorStoreDeleteNode"),
    *("AudioAlertNode", "BalloonTipNode", "BeepNode", "SnackbarNode", "SystemNotificationNode"),
    *("ClipboardClearNode", "ClipboardCopyNode", "TextToSpeechNode", "TooltipNode"),
    *("RestartServiceNode", "RunPowerShellNode", "StartServiceNode", "StopServiceNode"),
    "VolumeControlNode",
    *("CloseApplicationNode", "DragMouseNode", "LaunchApplicationNode", "MouseClickNode"),
    *("SendHotKeyNode", "SendKeysNode"),
    *("CallSubworkflowNode", "ExecuteWorkflowNode", "SubflowNode", "WebhookNotifyNode"),
}


def test_these_nodes_act_on_the_outside_world_and_no_others() -> None:
    """A new node that writes, sends or starts something belongs here, and says so itself."""
    assert {cls.type for cls in CLASSES if cls.side_effect} == ACTING


def test_an_alias_acts_as_its_node_does() -> None:
    for name, cls in Node.registry.items():
        assert acts_outside(name) == cls.side_effect
    assert not acts_outside("NodeOfTomorrow")
